import { Failure } from '../../contract/index.ts';

/**
 * What serialport says when a port cannot be opened → our codes. Its errors carry no errno, only the text of strerror (Linux, macOS) or of
 * the Windows error. Anything else is PORT_GONE with the raw line: the port is not usable now.
 */
export function openFailure(path: string, thrown: unknown): Failure {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (/cannot lock port|resource (temporarily unavailable|busy)|device or resource busy|access denied/iu.test(text))
    return new Failure('PORT_BUSY', { path }, text);
  if (/permission denied|operation not permitted/iu.test(text)) return new Failure('PORT_DENIED', { path }, text);
  if (/inappropriate ioctl|is a directory|not a (tty|serial)/iu.test(text))
    return new Failure('WRONG_PROTOCOL', { path }, `not a serial port: ${text}`);
  return new Failure('PORT_GONE', { path }, text);
}

/** DTR, RTS, break: a pseudo terminal and some adapters have no such lines. */
export function isNoSuchLine(thrown: unknown): boolean {
  return thrown instanceof Error && /inappropriate ioctl|not supported|ENOTTY|incorrect function/iu.test(thrown.message);
}
