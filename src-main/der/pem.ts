const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const lineChars = 64;
const pad = 0x3d;
const lineFeed = 0x0a;

/**
 * RFC 7468 text of DER bytes, lines of 64 characters ended by LF. Made from bytes to bytes, without a string in between: what holds a private key can be
 * zeroed afterwards.
 */
export function pemBytes(label: string, der: Uint8Array): Buffer {
  const chars = Math.ceil(der.length / 3) * 4;
  const [head, foot] = [Buffer.from(`-----BEGIN ${label}-----\n`), Buffer.from(`-----END ${label}-----\n`)];
  const text = Buffer.alloc(head.length + chars + Math.ceil(chars / lineChars) + foot.length);
  let at = head.copy(text);
  let column = 0;
  const put = (char: number): void => {
    text[at++] = char;
    column += 1;
    if (column < lineChars) return;
    text[at++] = lineFeed;
    column = 0;
  };
  for (let i = 0; i < der.length; i += 3) {
    const [a = 0, b, c] = [der[i], der[i + 1], der[i + 2]];
    put(alphabet[a >> 2] ?? 0);
    put(alphabet[((a & 3) << 4) | ((b ?? 0) >> 4)] ?? 0);
    put(b === undefined ? pad : (alphabet[((b & 15) << 2) | ((c ?? 0) >> 6)] ?? 0));
    put(c === undefined ? pad : (alphabet[c & 63] ?? 0));
  }
  if (column > 0) text[at++] = lineFeed;
  foot.copy(text, at);
  return text;
}
