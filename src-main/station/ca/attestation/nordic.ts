import { createHash } from 'node:crypto';
import type { TrustAnchor } from './anchors.ts';
import { CborError, readCbor, type CborValue } from './cbor.ts';
import { isSignedBy, isTag, labels, type CoseSign1 } from './cose.ts';
import { refuse, type Proof } from './refusal.ts';

/**
 * The second part of what `AT%KEYGEN=<tag>,2,0` answers (nRF91 AT commands, "KEYGEN", modem firmware 1.3 and later; the fields as Nordic's
 * nRF Cloud utilities read them): a COSE_Sign1 with ES256, key id h'21' (CBOR -2, the identity key), and the payload
 * 55799([9, UUID, sec_tag as CBOR in a byte string, SHA-256 of the CSR, nonce]).
 */
const csrMessage = 9;
const messages: Readonly<Record<number, string>> = { 1: 'a device identity message', 8: 'a public key message', 9: 'a CSR message' };
const selfDescribed = 55_799;
const identityKey = -2;

/** ATTESTATION_REFUSED (form, message type, digest, key, signature). */
export function checkNordic(cose: CoseSign1, csr: Uint8Array, anchors: readonly TrustAnchor[]): Proof {
  const claims = readClaims(cose);
  const digest = createHash('sha256').update(csr).digest();
  if (!digest.equals(claims.digest)) throw refuse('digest', 'it is about another certificate request than this one');
  const anchor = anchors.find(({ key }) => isModemSignature(cose, key, csr));
  if (anchor === undefined) throw refuse('signature', 'none of the keys that the profile names has signed it');
  return {
    format: 'nordic-cose',
    deviceId: claims.uuid,
    anchor: anchor.spkiSha256,
    proven: [
      `the modem ${claims.uuid} signed this certificate request with its identity key`,
      `the private key was made in the modem, under security tag ${String(claims.securityTag)}`,
    ],
    notChecked: ['whether the identity key was withdrawn: Nordic publishes no list of that'],
  };
}

/**
 * Modems sign the CSR as external data besides the payload: found by recovering the same public key from the signatures of two published
 * tokens of one modem, which no other Sig_structure gives. Without external data, as RFC 9052 has it where nothing is said, the payload's
 * digest binds the CSR all the same.
 */
function isModemSignature(cose: CoseSign1, key: TrustAnchor['key'], csr: Uint8Array): boolean {
  const payload = cose.payload ?? new Uint8Array();
  return isSignedBy(cose, key, payload, csr) || isSignedBy(cose, key, payload, new Uint8Array());
}

interface Claims {
  /** Lower case, with hyphens. */
  readonly uuid: string;
  readonly securityTag: number;
  readonly digest: Uint8Array;
}

function readClaims({ payload, headers }: CoseSign1): Claims {
  try {
    if (payload === null) throw new CborError('it has no payload');
    const keyId = headers.get(labels.keyId);
    if (!(keyId instanceof Uint8Array) || readCbor(keyId) !== identityKey)
      throw refuse('key', 'it is not signed with the identity key of the modem');
    const outer = readCbor(payload);
    const list = isTag(outer) && outer.tag === selfDescribed ? outer.value : outer;
    if (!Array.isArray(list)) throw new CborError('its payload is no list');
    const [type, uuid, tag, digest, nonce] = list as CborValue[];
    if (type !== csrMessage)
      throw refuse(
        'message type',
        `${(typeof type === 'number' ? messages[type] : undefined) ?? 'another message'}, where one about a certificate request belongs`,
      );
    if (list.length !== 5 || !isBytes(uuid, 16) || !isBytes(digest, 32) || !isBytes(nonce, 16) || !(tag instanceof Uint8Array))
      throw new CborError('its payload has not the fields of a CSR message');
    const securityTag = readCbor(tag);
    if (typeof securityTag !== 'number' || securityTag < 0) throw new CborError('its security tag is no number');
    const hex = Buffer.from(uuid).toString('hex');
    return { uuid: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5'), securityTag, digest };
  } catch (thrown) {
    throw thrown instanceof CborError ? refuse('form', thrown.message) : thrown;
  }
}

const isBytes = (value: CborValue | undefined, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length;
