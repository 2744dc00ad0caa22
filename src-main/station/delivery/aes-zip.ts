import { createCipheriv, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

export interface ZipEntry {
  /** Latin letters, digits, `.`, `-`, `_`. Names are not encrypted. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** WinZip AE-2 with AES-256: fixed by the format, and the reason why a bundle wants a long passphrase. */
const rounds = 1000;
const [saltBytes, keyBytes, checkBytes, codeBytes] = [16, 32, 2, 10] as const;
const aesMethod = 99;
/** "WinZip AES": version 2 (no CRC, which would tell something of the content), vendor AE, 256 bits, stored without compression. */
const aesExtra = Buffer.from([0x01, 0x99, 7, 0, 2, 0, 0x41, 0x45, 3, 0, 0]);
const versionNeeded = 51;
const encrypted = 1;

/**
 * A ZIP file whose entries are encrypted with AES-256, as 7-Zip, WinZip, libarchive and others read it (WinZip "AES Encryption
 * Information", AE-2; APPNOTE 6.3). What is read from `entries` leaves no copy behind.
 * @param at Time of the entries, milliseconds since the epoch.
 */
export async function aesZip(entries: readonly ZipEntry[], passphrase: string, at: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const body = await encrypt(bytes, passphrase);
    const fields = common(name, body.length, bytes.length, at);
    const local = Buffer.concat([le32(0x04034b50), fields, Buffer.from(name, 'latin1'), aesExtra]);
    directory.push(
      Buffer.concat([
        le32(0x02014b50),
        le16(versionNeeded),
        fields,
        le16(0, 0, 0),
        le32(0),
        le32(offset),
        Buffer.from(name, 'latin1'),
        aesExtra,
      ]),
    );
    parts.push(local, body);
    offset += local.length + body.length;
  }
  const list = Buffer.concat(directory);
  const end = [le32(0x06054b50), le16(0, 0, entries.length, entries.length), le32(list.length), le32(offset), le16(0)];
  return Buffer.concat([...parts, list, ...end]);
}

/** What local header and directory say alike, from "version needed" to the length of the extra field. */
function common(name: string, packed: number, size: number, at: number): Buffer {
  return Buffer.concat([
    le16(versionNeeded, encrypted, aesMethod, ...dosTime(at)),
    le32(0),
    le32(packed),
    le32(size),
    le16(name.length, aesExtra.length),
  ]);
}

/** salt | password check | ciphertext | first 10 bytes of HMAC-SHA1 over the ciphertext */
async function encrypt(bytes: Uint8Array, passphrase: string): Promise<Buffer> {
  const salt = randomBytes(saltBytes);
  const keys = await derive(passphrase, salt, rounds, 2 * keyBytes + checkBytes, 'sha1');
  const text = counterMode(bytes, keys.subarray(0, keyBytes));
  const code = createHmac('sha1', keys.subarray(keyBytes, 2 * keyBytes))
    .update(text)
    .digest();
  const sealed = Buffer.concat([salt, keys.subarray(2 * keyBytes), text, code.subarray(0, codeBytes)]);
  keys.fill(0);
  return sealed;
}

/** AES-CTR with a little-endian counter that begins with 1, as this format has it: OpenSSL's counter is big-endian. */
function counterMode(bytes: Uint8Array, key: Uint8Array): Buffer {
  const blocks = Buffer.alloc(Math.ceil(bytes.length / 16) * 16);
  for (let block = 0; block < blocks.length / 16; block++) blocks.writeUInt32LE(block + 1, block * 16);
  const stream = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(blocks);
  const out = Buffer.alloc(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = (bytes[i] ?? 0) ^ (stream[i] ?? 0);
  stream.fill(0);
  return out;
}

/** MS-DOS time and date, two seconds exact, in UTC. */
function dosTime(ms: number): [time: number, date: number] {
  const at = new Date(ms);
  return [
    (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  ];
}

function le16(...values: readonly number[]): Buffer {
  const out = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) out.writeUInt16LE(value, index * 2);
  return out;
}

function le32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}
