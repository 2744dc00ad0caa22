import forge from 'node-forge';
import { tags } from '../../der/index.ts';

/** What is wrong with a file; the message goes after “it is refused: ”. */
export class X509FileError extends Error {
  override readonly name = 'X509FileError';
}

/** One block of a PEM file. */
export interface PemBlock {
  /** As RFC 7468 writes it, whichever of its older forms the file has. */
  readonly label: string;
  /** From BEGIN to END, LF at the end of each line, nothing else around it. */
  readonly text: string;
}

/** RFC 7468 sections 5.1, 7, 8 and 9: what older programs write. */
const olderLabels: Readonly<Record<string, string>> = {
  'X509 CERTIFICATE': 'CERTIFICATE',
  'X.509 CERTIFICATE': 'CERTIFICATE',
  'NEW CERTIFICATE REQUEST': 'CERTIFICATE REQUEST',
  CRL: 'X509 CRL',
  CMS: 'PKCS7',
  'PKCS #7 SIGNED DATA': 'PKCS7',
};
const boundary = /-----(BEGIN|END) ([^\r\n-]+)-----/gu;
/** node-forge decodes about 1 MB a second; no certificate, request, key or chain is as large. */
const maxText = 512 * 1024;

/**
 * All blocks of a PEM file, in order; text around them is skipped. UTF-16 (as Windows editors save it) is read like UTF-8.
 * X509FileError when a block has no end or an end has no beginning: half a file must not pass for a whole one.
 */
export function pemBlocks(file: Uint8Array | string): PemBlock[] {
  const text = typeof file === 'string' ? file : textOf(file);
  const found: PemBlock[] = [];
  let open: RegExpExecArray | null = null;
  for (const match of text.matchAll(boundary)) {
    const [, kind, label = ''] = match;
    if ((kind === 'BEGIN') !== (open === null)) throw new X509FileError('its PEM is cut off');
    if (kind === 'BEGIN') {
      open = match;
      continue;
    }
    if (open?.[2] !== label) throw new X509FileError('its PEM is cut off');
    const plain = olderLabels[label] ?? label;
    const lines = text.slice(open.index + open[0].length, match.index).trim();
    const ended = lines.includes('\r') ? lines.replace(/\r\n?/gu, '\n') : lines;
    found.push({ label: plain, text: `-----BEGIN ${plain}-----\n${ended}\n-----END ${plain}-----\n` });
    open = null;
  }
  if (open !== null || text.split('-----BEGIN ').length - 1 !== found.length) throw new X509FileError('its PEM is cut off');
  return found;
}

/** Is it DER or BER? Text may begin with the same byte (“0”), but no text goes on with a length. */
export const isDer = (file: Uint8Array): boolean => file[0] === tags.sequence && ((file[1] ?? 0) >= 0x80 || file[1] === file.length - 2);

/** The DER of each block of one kind in a PEM file; a file that is DER is the only one. X509FileError. */
export function dersOf(file: Uint8Array | string, label: string): Buffer[] {
  if (typeof file !== 'string' && isDer(file)) return [Buffer.from(file)];
  const read = label === 'X509 CRL' ? pemListContent : pemContent;
  return pemBlocks(file).flatMap((block) => (block.label === label ? [read(block)] : []));
}

function textOf(file: Uint8Array): string {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return bytes.toString('utf16le');
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0))
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  return bytes.toString('latin1');
}

/** The DER in a block of a certificate, request, key or bundle. X509FileError when it is damaged, encrypted by RFC 1421, or has more than 512 KiB. */
export function pemContent({ label, text }: PemBlock): Buffer {
  if (text.length > maxText) throw new X509FileError(`its ${label} has more than ${String(maxText)} characters`);
  const body = bodyOf(text);
  // node-forge drops what is not base64, and takes lines before an empty one for headers.
  const [message] = forge.pem.decode(`-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`);
  if (message === undefined || message.body === '') throw damaged();
  return Buffer.from(message.body, 'latin1');
}

/** The DER in a block that may be large: a revocation list of a million entries has 40 MB, which node-forge would take a minute for. */
function pemListContent({ text }: PemBlock): Buffer {
  const inner = innerOf(text);
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/u.test(inner)) throw damaged();
  return Buffer.from(inner, 'base64');
}

/** The base64 of a block, without blanks. */
function bodyOf(text: string): string {
  const body = innerOf(text).replace(/\s/gu, '');
  if (body.length === 0 || body.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/u.test(body)) throw damaged();
  return body;
}

function innerOf(text: string): string {
  const inner = text.slice(text.indexOf('\n'), text.lastIndexOf('\n-----END'));
  if (inner.includes(':')) throw new X509FileError('its PEM has headers, which belong to encrypted keys');
  return inner;
}

const damaged = (): X509FileError => new X509FileError('its PEM is damaged');
