/** Runs of characters in which bytes may be written, and the ways to read them. */
const writings: readonly { readonly pattern: RegExp; readonly read: (run: string) => readonly Buffer[] }[] = [
  {
    // Base64 and its form for addresses. What stands before it may be of the same characters: all four alignments are read.
    pattern: /[A-Za-z0-9+/_-]{6,}={0,2}/gu,
    read: (run) => [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), 'base64')),
  },
  {
    // Hexadecimal, also with a sign between the bytes, as Node shows a Buffer.
    pattern: /(?:[0-9A-Fa-f]{2}[ :,-]?){4,}/gu,
    read: (run) => [0, 1].map((skip) => Buffer.from(run.replace(/[ :,-]/gu, '').slice(skip), 'hex')),
  },
  {
    // Decimal, as JSON shows an array of bytes.
    pattern: /(?:\d{1,3}\s*,\s*){3,}\d{1,3}/gu,
    read: (run) => [Buffer.from(run.split(',').map(Number))],
  },
];

/** `text` with `mark` for every run of characters, no shorter than `shortest`, that encodes bytes with something secret in them. */
export function hideEncoded(
  text: string,
  isSecret: (bytes: Buffer) => boolean,
  { mark, shortest }: { readonly mark: string; readonly shortest: number },
): string {
  let clean = text;
  for (const { pattern, read } of writings)
    clean = clean.replace(pattern, (run) => (run.length >= shortest && read(run).some(isSecret) ? mark : run));
  return clean;
}

const length = String.raw`(?:[\x00-\x7f]|\x81[\s\S]|\x82[\s\S]{2})`;
/** How a private key begins in DER: PKCS#8 (RFC 5958), ECPrivateKey (RFC 5915), RSAPrivateKey (RFC 8017); and OpenSSH's own format. */
const beginnings = [
  `\\x30${length}\\x02\\x01[\\x00\\x01]\\x30[\\x05-\\x40]\\x06`,
  `\\x30${length}\\x02\\x01\\x01\\x04[\\x20\\x30\\x42]`,
  `\\x30${length}\\x02\\x01\\x00\\x02${length}`,
  'openssh-key-v1\\x00',
].map((source) => new RegExp(source, 'u'));

/** Shorter than any private key. */
export const shortestKey = 40;

export const isPrivateKey = (bytes: Buffer): boolean => {
  if (bytes.length < shortestKey) return false;
  const text = bytes.toString('latin1');
  return beginnings.some((beginning) => beginning.test(text));
};
