import { constants, verify } from 'node:crypto';
import { importSpki } from './keys.ts';
import { oids } from './oids.ts';
import { DerReader, onlyElement } from './reader.ts';
import { constructed, tags } from './tags.ts';
import { readNumber, readOid } from './values.ts';

/** How a signature of somebody else is verified. */
interface SignatureScheme {
  /** Null: the algorithm hashes by itself. */
  readonly hash: string | null;
  /** Octets of salt, with RSASSA-PSS. */
  readonly salt?: number;
}

/** The one table of algorithms whose signatures are believed: certificates and revocation lists above our own CAs. */
const schemes: Readonly<Record<string, SignatureScheme>> = {
  [oids.ecdsaWithSha256]: { hash: 'sha256' },
  [oids.ecdsaWithSha384]: { hash: 'sha384' },
  [oids.ecdsaWithSha512]: { hash: 'sha512' },
  [oids.sha256WithRsa]: { hash: 'sha256' },
  [oids.sha384WithRsa]: { hash: 'sha384' },
  [oids.sha512WithRsa]: { hash: 'sha512' },
  [oids.ed25519]: { hash: null },
};
const pssHashes: Readonly<Record<string, string>> = { [oids.sha256]: 'sha256', [oids.sha384]: 'sha384', [oids.sha512]: 'sha512' };
/** RFC 4055 3.1. */
const usualSalt = 20;

const oidIn = (algorithm: Uint8Array): string => readOid(new DerReader(onlyElement(algorithm, tags.sequence).content).element(tags.oid));

/** By an AlgorithmIdentifier. Null: it is weak, or not known here. DerError when it is damaged. */
function schemeOf(algorithm: Uint8Array): SignatureScheme | null {
  const id = oidIn(algorithm);
  return id === oids.rsaPss ? pssScheme(algorithm) : (schemes[id] ?? null);
}

/** The hash is in the parameters; where it is not, it is SHA-1. A mask of another hash than the signature's is not known here. */
function pssScheme(algorithm: Uint8Array): SignatureScheme | null {
  const outer = new DerReader(onlyElement(algorithm, tags.sequence).content);
  outer.element(tags.oid);
  if (outer.done) return null;
  const parameters = outer.enter(tags.sequence);
  const [hash, mask, salt] = [0, 1, 2].map((number) => parameters.optional(constructed(number)));
  if (hash === null || hash === undefined || mask === null || mask === undefined) return null;
  const maskOf = new DerReader(onlyElement(mask.content, tags.sequence).content);
  maskOf.element(tags.oid);
  const name = pssHashes[oidIn(hash.content)];
  if (name === undefined || oidIn(maskOf.element(tags.sequence).bytes) !== oidIn(hash.content)) return null;
  return { hash: name, salt: salt === null || salt === undefined ? usualSalt : readNumber(onlyElement(salt.content, tags.integer)) };
}

/** Is a signature by this algorithm believed here at all? DerError when the AlgorithmIdentifier is damaged. */
export const isStrongAlgorithm = (algorithm: Uint8Array): boolean => schemeOf(algorithm) !== null;

/** `spki`: of the signer. False, too, for a key of another kind than the signature's. DerError when it is none, or the algorithm is damaged. */
export function verifySignature(algorithm: Uint8Array, data: Uint8Array, spki: Uint8Array, signature: Uint8Array): boolean {
  const scheme = schemeOf(algorithm);
  if (scheme === null) return false;
  const { hash, salt } = scheme;
  const key = importSpki(spki);
  try {
    const asked = salt === undefined ? key : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt };
    return verify(hash, data, asked, signature);
  } catch {
    return false;
  }
}
