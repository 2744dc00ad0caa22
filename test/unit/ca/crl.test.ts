import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Failure, revocationReasons } from '../../../src-main/contract/index.ts';
import { spkiOf } from '../../../src-main/der/index.ts';
import {
  assembleCertificate,
  buildRootTbs,
  crlToPem,
  crlUri,
  bytesSource,
  CrlFile,
  EntryCursor,
  lostEntries,
  missingFrom,
  newSerial,
  readCrl,
  readIssuer,
  writeCrl,
  type Crl,
  type CrlEntry,
  type CrlSigner,
  type WrittenCrl,
} from '../../../src-main/station/ca/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-crl-'));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

const now = Date.UTC(2026, 10, 23, 2, 0, 0);
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const draft = buildRootTbs({ subject: { commonName: 'Issuer' }, spki: spkiOf(pair.publicKey), serial: newSerial(), now, days: 3650 });
const issuer = readIssuer(assembleCertificate(draft.tbs, { algorithm: 'ec-p256' }, sign('sha256', draft.tbs, pair.privateKey)));

function softSigner(key = pair.privateKey): CrlSigner {
  const pieces: Buffer[] = [];
  return {
    begin: () => Promise.resolve(),
    append: async (chunk) => {
      pieces.push(Buffer.from(chunk));
    },
    finish: async () => sign('sha256', Buffer.concat(pieces), key),
  };
}

let files = 0;
async function write(
  entries: readonly CrlEntry[],
  more: { number?: number; uri?: string; path?: string; sign?: CrlSigner } = {},
): Promise<WrittenCrl & { path: string }> {
  const path = more.path ?? join(dir, `${String(++files)}.crl`);
  const uri = more.uri ?? crlUri('http://crl.test.example/', 'issuer 1');
  const written = await writeCrl({
    issuer,
    number: 1,
    thisUpdate: now,
    nextUpdate: now + 86_400_000,
    uri,
    sign: softSigner(),
    ...more,
    path,
    entries: () => entries,
  });
  return { ...written, path };
}
const entryOf = (serial: string, reason: CrlEntry['reason'] = 'superseded', revokedAt = '2026-11-01T10:20:30.000Z'): CrlEntry => ({
  serial,
  revokedAt,
  reason,
});

describe('a written CRL', () => {
  it('is read back as it was meant', async () => {
    const entries = revocationReasons.map((reason, index) =>
      entryOf(newSerial(), reason, index === 0 ? '2051-02-03T04:05:06.000Z' : '2026-11-01T10:20:30.000Z'),
    );
    const written = await write(entries, { number: 300 });
    const crl = readCrl(written.path);
    expect(crl).toMatchObject({
      number: 300,
      thisUpdate: '2026-11-23T02:00:00.000Z',
      nextUpdate: '2026-11-24T02:00:00.000Z',
      uri: 'http://crl.test.example/crl/issuer%201/0.crl',
    });
    expect(crl.authorityKeyId).toBe(Buffer.from(issuer.keyId).toString('hex'));
    expect([...crl.entries()]).toEqual(entries);
    expect(crl.signedBy(issuer)).toBe(true);
    const file = readFileSync(written.path);
    expect(written).toMatchObject({
      number: 300,
      entries: entries.length,
      bytes: file.length,
      sha256: createHash('sha256').update(file).digest('hex'),
    });
    expect(readCrl(file).sha256).toBe(written.sha256);
  });

  it('adds up at every length of its parts', async () => {
    for (let length = 1; length <= 150; length++) {
      const { path } = await write(length % 3 === 0 ? [] : [entryOf(newSerial())], {
        uri: `http://${'x'.repeat(length)}.example`,
        path: join(dir, 'length.crl'),
      });
      expect(readCrl(path).signedBy(issuer)).toBe(true);
    }
  });

  it('takes serial numbers of any size as they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 20 }).filter(([first]) => (first ?? 0) !== 0),
        async (bytes) => {
          const serial = Buffer.from(bytes).toString('hex').toUpperCase();
          const { path } = await write([entryOf(serial)], { path: join(dir, 'serial.crl') });
          expect([...readCrl(path).entries()][0]?.serial).toBe(serial);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is larger than a piece, and the same', async () => {
    const entries = Array.from({ length: 40_000 }, (_, index) => entryOf(`7F${index.toString(16).toUpperCase().padStart(38, '0')}`));
    const { path, bytes } = await write(entries);
    expect(bytes).toBeGreaterThan(2 * 1024 * 1024);
    const crl = readCrl(path);
    expect(crl.signedBy(issuer)).toBe(true);
    expect([...crl.entries()]).toEqual(entries);
  });

  it('leaves the old file and nothing else when its signature is another key’s', async () => {
    const { path } = await write([]);
    const before = readFileSync(path);
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    await expect(write([entryOf(newSerial())], { path, sign: softSigner(stranger) })).rejects.toThrow(
      new Failure('CRL_REJECTED', { problem: 'its signature does not verify' }),
    );
    expect(readFileSync(path)).toEqual(before);
    expect([`${path}.new`, `${path}.entries`].filter(existsSync)).toEqual([]);
  });

  it('leaves the old file when the token fails half-way', async () => {
    const { path } = await write([]);
    const before = readFileSync(path);
    const failing = { ...softSigner(), finish: () => Promise.reject(new Failure('TOKEN_ABSENT', { label: 'a', serial: 'b' })) };
    await expect(write([], { path, sign: failing })).rejects.toMatchObject({ code: 'TOKEN_ABSENT' });
    expect(readFileSync(path)).toEqual(before);
  });

  it('is PEM of 64 characters a line', async () => {
    const { path } = await write([entryOf(newSerial())]);
    const lines = crlToPem(readFileSync(path)).trimEnd().split('\n');
    expect(lines[0]).toBe('-----BEGIN X509 CRL-----');
    expect(lines.slice(1, -2).every((line) => line.length === 64)).toBe(true);
    expect(Buffer.from(lines.slice(1, -1).join(''), 'base64')).toEqual(readFileSync(path));
  });
});

const fileOf = async (entries: readonly CrlEntry[]): Promise<CrlFile> =>
  CrlFile.read(bytesSource(readFileSync((await write(entries)).path)));
const serialsOf = async (crl: CrlFile): Promise<string[]> => {
  const [cursor, found]: [EntryCursor, string[]] = [new EntryCursor(crl), []];
  for (let more = await cursor.load(); more; more = cursor.advance() || (await cursor.load())) found.push(cursor.serial);
  return found;
};
const numbered = (index: number): string => `7F${index.toString(16).toUpperCase().padStart(38, '0')}`;

describe('a CRL that is read in pieces', () => {
  it('has the same entries, sum and signature', async () => {
    const serials = Array.from({ length: 40_000 }, (_, index) => numbered(index));
    const { path, sha256 } = await write(serials.map((serial, index) => entryOf(serial, revocationReasons[index % 7])));
    const crl = await CrlFile.read(bytesSource(readFileSync(path)));
    expect(await serialsOf(crl)).toEqual(serials);
    expect(await crl.sha256()).toBe(sha256);
    expect(await crl.signedBy(issuer)).toBe(true);
    expect(crl.scope).toMatchObject({ number: '1', uri: 'http://crl.test.example/crl/issuer%201/0.crl', baseNumber: null });
  });

  it('answers any damage with a refusal, or reads on', async () => {
    const bytes = readFileSync((await write([entryOf(newSerial()), entryOf(newSerial())])).path);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), async (at, octet, length) => {
        const damaged = Buffer.from(bytes.subarray(0, length === 0 ? bytes.length : length));
        if (at < damaged.length) damaged[at] = octet;
        try {
          await serialsOf(await CrlFile.read(bytesSource(damaged)));
        } catch (error) {
          if (!(error instanceof Failure) || error.code !== 'CRL_REJECTED') throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the next CRL', () => {
  const never = (): boolean => false;
  const listed = (...indexes: number[]): CrlEntry[] => indexes.map((index) => entryOf(numbered(index)));

  it('must have all of the one before but what may leave', async () => {
    const previous = await fileOf(listed(1, 2, 3));
    const lost = async (indexes: number[], mayLeave: (serial: string) => boolean = never): Promise<unknown> =>
      lostEntries(previous, await fileOf(listed(...indexes)), mayLeave);
    const none = { count: 0, serials: [] };
    expect(await lost([1, 2, 3])).toEqual(none);
    expect(await lost([0, 1, 9, 2, 8, 3, 7])).toEqual(none);
    // Whatever the order.
    expect(await lost([3, 2, 1])).toEqual(none);
    expect(await lost([1, 3])).toEqual({ count: 1, serials: [numbered(2)] });
    expect(await lost([])).toEqual({ count: 3, serials: [1, 2, 3].map(numbered) });
    expect(await lost([2, 4], (serial) => serial !== numbered(2))).toEqual(none);
    expect(await lost([4], (serial) => serial === numbered(1))).toEqual({ count: 2, serials: [2, 3].map(numbered) });
  });

  it('is compared as sets are, for any two lists', async () => {
    const some = fc.uniqueArray(fc.nat(12), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(some, some, some, async (before, after, leaving) => {
        const may = new Set(leaving.map(numbered));
        const { count } = await lostEntries(await fileOf(listed(...before)), await fileOf(listed(...after)), (serial) => may.has(serial));
        expect(count).toBe(before.filter((one) => !after.includes(one) && !leaving.includes(one)).length);
        const crlOf = async (serials: readonly number[]): Promise<Crl> => readCrl((await write(listed(...serials))).path);
        expect(missingFrom(await crlOf(before), await crlOf(after), (serial) => may.has(serial))).toHaveLength(count);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('-----BEGIN X509 CRL-----')],
    ['a certificate', Buffer.from(issuer.certificate)],
  ])('cannot be read from %s', (_, bytes) => {
    expect(() => readCrl(bytes)).toThrow(expect.objectContaining({ code: 'CRL_REJECTED' }));
  });
});
