import { createHash, createPublicKey, verify } from 'node:crypto';
import { decode } from 'cborg';
import { Failure, limits } from '../../../contract/index.ts';
import type { KeyRequest, SelfTestResult } from '../driver.ts';
import type { ConsoleProfile } from './profile.ts';
import type { Values } from './values.ts';

/** The results of sections, taken from the variables that their steps set. */

const MAX_ID_CHARS = 64;

export interface Identity {
  readonly hardwareId: string;
  readonly model: string;
  readonly firmware: string;
  readonly locked: boolean;
  readonly provisioned: boolean;
}

export function identityOf(values: Values, path: string): Identity {
  const hardwareId = values.text('hardwareId').trim();
  if (hardwareId === '' || hardwareId.length > MAX_ID_CHARS || /\p{C}/u.test(hardwareId))
    throw new Failure('WRONG_PROTOCOL', { path }, 'the unit told no usable hardware id');
  const short = (name: string): string => values.text(name).trim().slice(0, MAX_ID_CHARS);
  return {
    hardwareId,
    model: short('model'),
    firmware: short('firmware'),
    locked: values.text('locked') === 'yes',
    provisioned: values.text('provisioned') === 'yes',
  };
}

/** @throws Failure CSR_TOO_LARGE; VERIFY_MISMATCH when the attestation is not about this request. */
export function keyRequestOf({ attestation: format }: ConsoleProfile, values: Values, path: string): KeyRequest {
  const csr = bytesOf(values, 'csr', path);
  if (csr.length > limits.csrBytes) throw new Failure('CSR_TOO_LARGE', { bytes: csr.length, limit: limits.csrBytes });
  if (format === undefined || values.text('attestation') === '') return { csr };
  const bytes = bytesOf(values, 'attestation', path);
  const attested = attestedDigest(bytes, path);
  const actual = createHash('sha256').update(csr).digest();
  if (!actual.equals(attested))
    throw new Failure('VERIFY_MISMATCH', {
      item: 'certificate request',
      expected: attested.toString('hex'),
      actual: actual.toString('hex'),
    });
  return { csr, attestation: { format, bytes } };
}

function bytesOf(values: Values, name: string, path: string): Buffer {
  const value = values.get(name);
  if (value === undefined || value === '') throw new Failure('WRONG_PROTOCOL', { path }, `the unit sent no ${name}`);
  return typeof value === 'string' ? Buffer.from(value.replace(/-----[A-Z ]+-----|\s/gu, ''), 'base64') : value;
}

/** SHA-256 of what a Nordic COSE_Sign1 attests: the fourth field of its payload (a CBOR array, tagged as such). The CA checks its signature. */
function attestedDigest(cose: Buffer, path: string): Buffer {
  const tags = { 18: (inner: () => unknown): unknown => inner(), 55799: (inner: () => unknown): unknown => inner() };
  try {
    const [, , payload] = decode(cose, { tags, useMaps: true }) as unknown[];
    const fields: unknown = payload instanceof Uint8Array ? decode(payload, { tags, useMaps: true }) : null;
    const digest: unknown = Array.isArray(fields) ? (fields as unknown[])[3] : null;
    if (digest instanceof Uint8Array && digest.length === 32) return Buffer.from(digest);
  } catch {
    // Not CBOR: the same answer.
  }
  throw new Failure('WRONG_PROTOCOL', { path }, 'the attestation is not a COSE_Sign1 over a digest');
}

export const signatureOf = (values: Values, path: string): Buffer => bytesOf(values, 'signature', path);

/** What came of a section, without its secrets, in a few digits, or the code of the failure that it is. */
export function resultFingerprint(evaluate: () => unknown, hide: (text: string) => string): string {
  try {
    return createHash('sha256')
      .update(hide(JSON.stringify(evaluate())))
      .digest('hex')
      .slice(0, 32);
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code;
    throw thrown;
  }
}

export function mustHaveSigned(values: Values, challenge: Buffer, spki: Uint8Array, path: string): void {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  if (!verify('sha256', challenge, key, signatureOf(values, path)))
    throw new Failure('POSSESSION_FAILED', { hardwareId: values.text('hardwareId') });
}

export function selfTestOf(values: Values): SelfTestResult {
  const reason = values.text('foreignReason');
  const connected = values.text('connected') === 'yes';
  return {
    stage: values.text('stage') || (connected ? 'done' : 'connect'),
    connected,
    echoed: values.text('echoed') === 'yes',
    foreignReason: /^\d{1,3}$/u.test(reason) ? Number(reason) : null,
    detail: values.text('detail').slice(0, 200),
  };
}
