import { TranscriptHead, transcriptStart, type KeyProof, type KeyRef } from '../contract/index.ts';
import { refused } from './failures.ts';

const maxBytes = 1024 * 1024;

/**
 * Reads what a key is to sign as a ceremony's transcript. It begins with words that no certificate, CRL or request can begin with, names
 * the key, and says of it what the token says. SESSION_REFUSED with the rule that it breaks.
 */
export function checkTranscript(bytes: Uint8Array, ref: KeyRef, told: KeyProof['attributes']): void {
  if (bytes.length > maxBytes) throw refused('the transcript is too long');
  const { text, body } = parse(bytes);
  if (!text.startsWith(transcriptStart)) throw refused('this is not a transcript');
  const head = TranscriptHead.safeParse(body);
  if (!head.success) throw refused('the transcript does not say what its keys are');
  const key = head.data.keys.find(({ spkiSha256 }) => spkiSha256 === ref.spkiSha256);
  if (key?.ckaId !== ref.ckaId) throw refused('the transcript does not name this key');
  const attributes = new Map(key.attributes.map(({ attribute, value }) => [attribute, value]));
  const differs = told.find(({ attribute, value }) => attributes.get(attribute) !== value);
  if (differs !== undefined || attributes.size !== told.length)
    throw refused(`the transcript says something else of the key than the token (${differs?.attribute ?? 'an attribute too many'})`);
}

function parse(bytes: Uint8Array): { text: string; body: unknown } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, body: JSON.parse(text) };
  } catch {
    throw refused('this is not a transcript');
  }
}
