import fc from 'fast-check';
import { BlobReader, Uint8ArrayWriter, ZipReader, type FileEntry } from '@zip.js/zip.js';
import { expect, test } from 'vitest';
import { aesZip } from '../../../src-main/station/delivery/aes-zip.ts';

async function read(zip: Uint8Array, password: string): Promise<Record<string, Buffer>> {
  const reader = new ZipReader(new BlobReader(new Blob([Uint8Array.from(zip)])), { password, useWebWorkers: false });
  const found: Record<string, Buffer> = {};
  for (const entry of await reader.getEntries())
    found[entry.filename] = Buffer.from(await (entry as FileEntry).getData(new Uint8ArrayWriter()));
  await reader.close();
  return found;
}

test('what another implementation reads is what went in, for any content and ASCII passphrase', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
      fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme-ascii' }),
      async (contents, passphrase) => {
        const entries = contents.map((bytes, index) => ({ name: `file-${String(index)}`, bytes }));
        const found = await read(await aesZip(entries, passphrase, Date.UTC(2026, 0, 1)), passphrase);
        expect(found).toEqual(Object.fromEntries(entries.map(({ name, bytes }) => [name, Buffer.from(bytes)])));
      },
    ),
    { numRuns: 40 },
  );
});

test('the content shows nowhere, nor does its checksum', async () => {
  const secret = Buffer.from('-----BEGIN PRIVATE KEY-----');
  const zip = await aesZip([{ name: 'key.pem', bytes: secret }], 'correct horse battery', Date.UTC(2026, 0, 1));
  expect(zip.includes(secret)).toBe(false);
  expect(zip.readUInt32LE(14)).toBe(0);
});
