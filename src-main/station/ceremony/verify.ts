import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { TranscriptHead, transcriptStart } from '../../contract/index.ts';
import { hashFor, sha256Hex } from '../../der/index.ts';
import { transcriptFormat, transcriptHash } from './transcript.ts';

/** What verification reads of a transcript; the rest is for people. */
export const TranscriptBody = TranscriptHead.extend({
  format: z.literal(transcriptFormat),
  ceremony: z.object({ id: z.string(), name: z.string(), reason: z.string(), planSha256: z.string() }),
  station: z.string(),
  startedBy: z.string(),
  startedAt: z.string(),
  writtenAt: z.string(),
  officers: z.array(z.object({ name: z.string(), at: z.string() })),
  token: z.object({ label: z.string(), serial: z.string(), model: z.string(), manufacturer: z.string(), firmware: z.string() }),
  certificates: z.array(
    z.object({
      role: z.string(),
      issuer: z.string(),
      signedBy: z.string(),
      subject: z.string(),
      serial: z.string(),
      sha256: z.string(),
      notBefore: z.string(),
      notAfter: z.string(),
      pem: z.string(),
      above: z.array(z.object({ sha256: z.string(), pem: z.string() })),
    }),
  ),
  ownCertificates: z.array(z.object({ use: z.string(), subject: z.string(), serial: z.string(), sha256: z.string() })),
  revocationLists: z.array(z.object({ issuer: z.string(), number: z.int(), sha256: z.string() })),
  steps: z.array(z.object({ step: z.string(), title: z.string(), phase: z.string(), at: z.string(), by: z.string() })),
});
export type TranscriptBody = z.infer<typeof TranscriptBody>;

export interface TranscriptReport {
  /** Null when it cannot be read. */
  readonly body: TranscriptBody | null;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** What does not hold; empty when all does. */
  readonly problems: readonly string[];
}

/** What a transcript says of itself. Null when it is none. */
export function readTranscript(text: string): TranscriptBody | null {
  if (!text.startsWith(transcriptStart)) return null;
  try {
    return TranscriptBody.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * Checks a transcript by itself: every key that it names has signed these very bytes, and is the key of the certificate beside it. Needs no
 * station. `trusted`: certificates (PEM or DER) that were got in another way; each must be of one of these CAs, or above them.
 */
export function verifyTranscript(
  text: string,
  signatures: ReadonlyMap<string, Uint8Array>,
  trusted: readonly Uint8Array[] = [],
): TranscriptReport {
  const sha256 = transcriptHash(text);
  const body = readTranscript(text);
  if (body === null) return { body, sha256, problems: ['this is not the transcript of a ceremony, or it was changed'] };
  const certificates = new Map(body.certificates.map((one) => [one.role, one]));
  const problems = body.keys.flatMap((key) => {
    const { role } = key;
    if (spkiHash(certificates.get(role)?.pem ?? '') !== key.spkiSha256) return [`the certificate of “${role}” is for another key`];
    const signature = signatures.get(role);
    if (signature === undefined) return [`the signature of the key “${role}” is missing`];
    const { publicKey } = new X509Certificate(certificates.get(role)?.pem ?? '');
    return verify(hashFor(key.algorithm), Buffer.from(text, 'utf8'), publicKey, signature)
      ? []
      : [`the signature of the key “${role}” does not fit: the transcript or the signature was changed`];
  });
  if (body.keys.length !== body.certificates.length) problems.push('it has another number of keys than of certificates');
  for (const one of body.certificates)
    if (fingerprint(one.pem) !== one.sha256) problems.push(`the certificate of “${one.role}” is not the one whose hash is beside it`);
  const known = new Set(body.certificates.flatMap(({ sha256: own, above }) => [own, ...above.map((one) => one.sha256)]));
  for (const file of trusted) {
    const hash = fingerprint(file);
    if (!known.has(hash)) problems.push(`the certificate that was given (${hash}) is not one of this ceremony`);
  }
  return { body, sha256, problems };
}

function spkiHash(pem: string): string | null {
  try {
    return sha256Hex(createPublicKey(pem).export({ type: 'spki', format: 'der' }));
  } catch {
    return null;
  }
}

function fingerprint(certificate: string | Uint8Array): string {
  try {
    return sha256Hex(new X509Certificate(certificate).raw);
  } catch {
    return 'no certificate';
  }
}
