import type { CeremonyFileOut } from '../../contract/index.ts';
import { unwrap } from '../../contract/index.ts';
import type { TranscriptSignature } from '../registry/index.ts';
import { transcriptPdf } from './transcript-pdf.ts';
import { readTranscript } from './verify.ts';

/**
 * The record of a ceremony as files: the transcript as it was signed, a signature and a certificate for each key, and the same for people.
 * `openssl dgst -sha256 -verify` takes them as they are.
 */
export async function ceremonyRecordFiles(text: string, signatures: readonly TranscriptSignature[]): Promise<CeremonyFileOut[]> {
  const body = unwrap(readTranscript(text), 'a transcript that was signed can be read');
  const file = (name: string, bytes: Uint8Array | string): CeremonyFileOut => ({ name, base64: Buffer.from(bytes).toString('base64') });
  return [
    file('transcript.json', text),
    file('transcript.pdf', await transcriptPdf(text, body, signatures)),
    ...signatures.map(({ role, signature }) => ({ name: `transcript.${role}.sig`, base64: signature })),
    ...body.certificates.map(({ role, pem, above }) => file(`${role}.pem`, [pem, ...above.map((one) => one.pem)].join(''))),
  ];
}
