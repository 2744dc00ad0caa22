import { createPrivateKey, sign, verify, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { Failure, firstProblem, Instant, RevocationReason, SerialHex, Sha256Hex, Uuid } from '../../contract/index.ts';
import { sha256Hex } from '../../der/index.ts';
import { pemBlocks } from '../x509-files/index.ts';

const text = z.string().max(200);

/** What one station asks of another. `certificate`: PEM; null where only the fingerprint is known. */
export const RequestBody = z
  .object({
    id: Uuid,
    station: text,
    operator: text,
    requestedAt: Instant,
    fingerprint: Sha256Hex,
    certificate: z.string().max(20_000).nullable(),
    reason: RevocationReason,
    note: text,
  })
  .strict();
export type RequestBody = z.infer<typeof RequestBody>;

/** What the owner of the issuer has to say to it. */
export const AnswerBody = z
  .object({
    id: Uuid,
    station: text,
    operator: text,
    answeredAt: Instant,
    accepted: z.boolean(),
    note: text,
    fingerprint: Sha256Hex,
    serial: SerialHex,
    certificate: z.string().max(20_000),
  })
  .strict();
export type AnswerBody = z.infer<typeof AnswerBody>;

/** `sha256` and `signature` are over the JSON text of the body as it stands, without blanks. `chain`: of the key that signed, PEM. */
const envelope = { sha256: Sha256Hex, signature: z.base64().max(1000), chain: z.array(z.string().max(20_000)).min(1).max(5) };
const File = z.union([
  z.object({ type: z.literal('birthmark-revocation-request'), version: z.literal(1), body: RequestBody, ...envelope }).strict(),
  z.object({ type: z.literal('birthmark-revocation-answer'), version: z.literal(1), body: AnswerBody, ...envelope }).strict(),
]);
export type RequestFile = z.infer<typeof File>;

export interface SigningIdentity {
  readonly keyPem: string;
  /** The certificate and what is above it. */
  readonly certificatePem: string;
}

/** The file as text, signed with the station's own key. */
export function writeRequestFile(
  type: RequestFile['type'],
  body: RequestBody | AnswerBody,
  { keyPem, certificatePem }: SigningIdentity,
): string {
  const bytes = Buffer.from(JSON.stringify(body));
  const signature = sign('sha256', bytes, createPrivateKey(keyPem)).toString('base64');
  const chain = pemBlocks(certificatePem).map(({ text: block }) => block);
  return `${JSON.stringify({ type, version: 1, body, sha256: sha256Hex(bytes), signature, chain }, null, 2)}\n`;
}

const invalid = (problem: string): Failure => new Failure('REQUEST_INVALID', { problem });

/** Reads and checks a file: form, hash, signature. REQUEST_INVALID. Who signed it is not judged here. */
export function readRequestFile(content: string): { readonly file: RequestFile; readonly chain: readonly X509Certificate[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch {
    throw invalid('it is not JSON');
  }
  const file = File.safeParse(parsed);
  if (!file.success) {
    const { field, problem } = firstProblem(file.error, 'the file');
    throw invalid(`${field}: ${problem}`);
  }
  const { body, sha256, signature } = file.data;
  const bytes = Buffer.from(JSON.stringify((parsed as { body: unknown }).body));
  if (sha256Hex(bytes) !== sha256) throw invalid('it was changed after it was written (the hash differs)');
  const chain = chainOf(file.data.chain);
  const [leaf] = chain;
  if (leaf === undefined || !verify('sha256', bytes, leaf.publicKey, Buffer.from(signature, 'base64')))
    throw invalid('its signature is not by the key that it names');
  mustBeTheOne(body);
  return { file: file.data, chain };
}

function chainOf(pems: readonly string[]): X509Certificate[] {
  try {
    return pems.map((pem) => new X509Certificate(pem));
  } catch {
    throw invalid('a certificate in it is damaged');
  }
}

/** The certificate in a file must be the one that its fingerprint says. */
function mustBeTheOne({ certificate, fingerprint }: { certificate: string | null; fingerprint: string }): void {
  if (certificate !== null && sha256Hex(chainOf([certificate])[0]?.raw ?? Buffer.alloc(0)) !== fingerprint)
    throw invalid('its certificate has another fingerprint');
}

/** A station's own name in its certificates: no device can have it, for a tenant has no colon. */
const stationName = /^CN=birthmark:[a-z0-9-]+$/mu;

/** Is the first a station's own, each signed by the next, and the last by one of `anchors` (or one of them itself)? */
export function leadsTo(chain: readonly X509Certificate[], anchors: readonly X509Certificate[]): boolean {
  if (!stationName.test(chain[0]?.subject ?? '')) return false;
  return chain.every((certificate, index) => {
    const above = chain[index + 1];
    const isAnchor = anchors.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256);
    if (above !== undefined) return isSigned(certificate, above);
    return isAnchor || anchors.some((anchor) => isSigned(certificate, anchor));
  });
}

const isSigned = (certificate: X509Certificate, above: X509Certificate): boolean =>
  above.ca && certificate.checkIssued(above) && certificate.verify(above.publicKey);
