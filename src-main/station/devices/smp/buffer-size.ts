import type { SmpUnit } from './unit-line.ts';

/** A frame that every SMP server takes; used until the unit has told its own size. */
const SAFE_BUFFER_BYTES = 128;
/** More than this in one frame gains nothing and makes repeats dear. */
const MAX_BUFFER_BYTES = 2048;

/** Longest frame that the unit takes, in bytes: header, CBOR, and the length and checksum that the line form adds to them in its buffer. */
export async function bufferSize(line: SmpUnit, signal: AbortSignal): Promise<number> {
  const said = await line.ask('params', {}, { signal });
  // A unit without this command answers all the same: it is SMP, and the safe size stands.
  return said.refusal === null ? Math.min(said.answer.buf_size, MAX_BUFFER_BYTES) : SAFE_BUFFER_BYTES;
}
