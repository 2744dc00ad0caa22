import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { limits } from '../../../src-main/contract/index.ts';
import { der, DerReader, name, oids, onlyElement, spkiOf } from '../../../src-main/der/index.ts';
import { checkCsr, type CheckedCsr } from '../../../src-main/station/ca/index.ts';
import { ecdsaSha256 } from '../../support/csr.ts';
import { ca, device, rsaDevice, type Pair } from '../keys.ts';
import { mutateDer } from '../mutate/der.ts';
import type { Random } from '../random.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

/** The options that its types have forgotten: a BIT STRING stays one, and nothing may follow. */
const fromDer = forge.asn1.fromDer as unknown as (bytes: string, options: Readonly<Record<string, boolean>>) => forge.asn1.Asn1;
const policy = { keyAlgorithms: ['ec-p256', 'rsa-2048'] as const };
const sha256Rsa = der.sequence(der.oid(oids.sha256WithRsa), der.nothing);
const extensionRequest = der.explicit(
  0,
  der.sequence(
    der.oid('1.2.840.113549.1.9.14'),
    der.tlv(
      0x31,
      der.sequence(der.sequence(der.oid(oids.basicConstraints), der.boolean(true), der.octetString(der.sequence(der.boolean(true))))),
    ),
  ),
);

const noAttributes = der.explicit(0);
function request(pair: Pair, attributes = noAttributes, algorithm = ecdsaSha256): Buffer {
  const info = der.sequence(der.integer(0), name({ commonName: 'unit' }), spkiOf(pair.publicKey), attributes);
  return der.sequence(info, algorithm, der.bitString(pair.sign(info)));
}

/** Requests to a policy that takes EC P-256 and RSA 2048. Half of them are signed again after they were changed: then only the rules can refuse them. */
export const csr: FuzzTarget = {
  name: 'csr',
  seeds: () => [
    request(device),
    request(ca),
    request(rsaDevice, noAttributes, sha256Rsa),
    request(device, extensionRequest),
    request(device, Buffer.alloc(0), der.sequence(der.oid(oids.ecdsaWithSha256), der.nothing)),
  ],
  mutate: (random, input, others) => {
    const changed = mutateDer(random, input, others);
    return random.chance(0.5) ? signedAgain(random, changed) : changed;
  },
  feed: (input) =>
    refusedBy(
      /^CSR_/u,
      () => checkCsr(input, policy),
      (checked) => mustBeSound(input, checked),
    ),
};

function signedAgain(random: Random, input: Uint8Array): Uint8Array {
  try {
    const info = new DerReader(onlyElement(input, 0x30).content).element().bytes;
    const rsa = random.chance(0.3);
    return der.sequence(info, rsa ? sha256Rsa : ecdsaSha256, der.bitString((rsa ? rsaDevice : device).sign(info)));
  } catch {
    return input;
  }
}

/** Read once more by others: node-forge takes it apart, OpenSSL reads the key and checks the signature over the bytes that forge found. */
function mustBeSound(input: Uint8Array, { spki, algorithm }: CheckedCsr): string {
  if (input.length > limits.csrBytes) throw new Broken('accepted beyond the limit');
  const request = fromDer(Buffer.from(input).toString('latin1'), { strict: true, decodeBitStrings: false, parseAllBytes: true });
  const [info, id, signature] = (request.value as forge.asn1.Asn1[]).map((part) => part);
  if (info === undefined || id === undefined || signature === undefined) throw new Broken('accepted without its three parts');
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  if (!spkiOf(key).equals(spki)) throw new Broken('a key that OpenSSL writes in another way');
  if (kindOf(key) !== algorithm) throw new Broken(`a key of another kind: ${kindOf(key)}`);
  const bytes = Buffer.from(forge.asn1.toDer(info).getBytes(), 'latin1');
  if (!Buffer.from(input).includes(bytes)) throw new Broken('an info that is not written as DER writes it');
  if (!bytes.includes(spki)) throw new Broken('a key that is not in the request');
  const hash = ['sha256', 'sha384', 'sha512'].find((one) =>
    verify(one, bytes, key, Buffer.from(signature.value as string, 'latin1').subarray(1)),
  );
  if (hash === undefined) throw new Broken('accepted without a good signature');
  return `accepted ${algorithm} ${hash}`;
}

const kindOf = (key: KeyObject): string =>
  key.asymmetricKeyType === 'ec'
    ? ({ prime256v1: 'ec-p256', secp384r1: 'ec-p384' }[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'another curve')
    : `${String(key.asymmetricKeyType)}-${String(key.asymmetricKeyDetails?.modulusLength)}`;
