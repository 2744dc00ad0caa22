import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

/** SHA-256: bytes of a block and of a digest. */
const [blockBytes, digestBytes] = [64, 32] as const;
/** Rounds between two looks at the rest of the station. */
const burst = 5000;

/** A BMPString with its terminator, as PKCS#12 has passwords (RFC 7292 B.1): UTF-16 big-endian and two zero bytes. */
export function bmpPassword(text: string): Buffer {
  return Buffer.concat([bmp(text), Buffer.alloc(2)]);
}

/** UTF-16 big-endian. */
export const bmp = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

/** The MAC key of PKCS#12 (RFC 7292 B.2, ID 3) with SHA-256, 32 bytes: one block, so the part that joins blocks is not needed. */
export async function macKey(passphrase: string, salt: Uint8Array, rounds: number): Promise<Buffer> {
  const diversifier = Buffer.alloc(blockBytes, 3);
  const password = bmpPassword(passphrase);
  let digest = createHash('sha256').update(diversifier).update(filled(salt)).update(filled(password)).digest();
  password.fill(0);
  for (let round = 1; round < rounds; round++) {
    digest = createHash('sha256').update(digest).digest();
    if (round % burst === 0) await turn();
  }
  return digest.subarray(0, digestBytes);
}

/** Repeated to a whole number of blocks. */
function filled(bytes: Uint8Array): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, bytes);
}
