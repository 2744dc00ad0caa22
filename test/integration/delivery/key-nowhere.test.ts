import { createPrivateKey } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleOrder, fetchLink, unzip } from '../../support/bundle.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { TestStation } from '../../support/station.ts';

const work = new WorkFolder();
/** The services write their temporary files here, and nobody else does. */
const temporary = mkdtempSync(join(tmpdir(), 'birthmark-tmp-'));
const before = process.env['TMPDIR'];
let station: TestStation;
beforeAll(async () => {
  const dataDir = TestStation.folder();
  process.env['TMPDIR'] = temporary;
  station = await TestStation.tryOut(1, { dataDir });
  await bundleOrder(station);
});
afterAll(async () => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await station.dispose();
  rmSync(temporary, { recursive: true, force: true });
  work.remove();
});

/** The ways in which a key can stand somewhere: its secret numbers raw, and all of it as DER, base64 in any alignment, PEM lines and hex. */
function writings(pem: string): Map<string, Buffer> {
  const key = createPrivateKey(pem);
  const jwk = key.export({ format: 'jwk' });
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const found = new Map<string, Buffer>([
    ['PKCS#8', der.subarray(-120)],
    ['PEM line', Buffer.from(pem.split('\n')[2] ?? '')],
  ]);
  for (const name of ['d', 'p', 'q'] as const) {
    const text = jwk[name];
    if (text === undefined) continue;
    const secret = Buffer.from(text, 'base64url');
    found.set(`${name} raw`, secret);
    // OpenSSL keeps numbers as 64-bit words, the lowest first.
    found.set(`${name} as OpenSSL has it`, Buffer.from(secret).reverse());
    found.set(`${name} hex`, Buffer.from(secret.toString('hex')));
    found.set(`${name} HEX`, Buffer.from(secret.toString('hex').toUpperCase()));
    for (const skip of [0, 1, 2])
      found.set(`${name} base64+${String(skip)}`, Buffer.from(secret.subarray(skip).toString('base64').slice(0, 36)));
    found.set(`${name} base64url`, Buffer.from(text.slice(0, 36)));
  }
  return found;
}

const filesIn = (folder: string): Map<string, Buffer> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path)]),
  );

function whereIs(secrets: ReadonlyMap<string, Buffer>, places: ReadonlyMap<string, Buffer>): string[] {
  return [...places].flatMap(([place, bytes]) =>
    [...secrets].filter(([, value]) => bytes.includes(value)).map(([how]) => `${place}: ${how}`),
  );
}

/** Every readable page of a process, searched piece by piece. */
function inMemory(pid: number, secrets: ReadonlyMap<string, Buffer>): { readonly bytes: number; readonly found: string[] } {
  const memory = openSync(`/proc/${String(pid)}/mem`, 'r');
  const piece = Buffer.alloc(8 * 1024 * 1024);
  const overlap = 512;
  const found = new Set<string>();
  let bytes = 0;
  for (const line of readFileSync(`/proc/${String(pid)}/maps`, 'utf8').split('\n')) {
    const range = /^(?<from>[0-9a-f]+)-(?<to>[0-9a-f]+) r\S* \S+ \S+ \d+\s*(?<name>.*)$/u.exec(line)?.groups;
    if (range === undefined || /^\[v/u.test(range['name'] ?? '')) continue;
    const [from, to] = [Number(`0x${range['from'] ?? '0'}`), Number(`0x${range['to'] ?? '0'}`)];
    for (let at = from; at < to; at += piece.length - overlap) {
      let read: number;
      try {
        read = readSync(memory, piece, 0, Math.min(piece.length, to - at), at);
      } catch {
        break;
      }
      bytes += read;
      const seen = piece.subarray(0, read);
      for (const [how, value] of secrets)
        if (seen.includes(value)) found.add(`${range['name'] === '' ? 'anonymous' : (range['name'] ?? '')}: ${how}`);
    }
  }
  closeSync(memory);
  return { bytes, found: [...found] };
}

const keyIn = {
  zip: (body: Buffer, passphrase: string): string => {
    expect(unzip(work.write('got.zip', body), passphrase, work.path('got'))).toBe(true);
    return readFileSync(work.path('got/key.pem'), 'utf8');
  },
  p12: (body: Buffer, passphrase: string): string => {
    work.write('got.p12', body);
    work.write('pass', passphrase);
    const { ok, text } = work.openssl('pkcs12', '-in', 'got.p12', '-passin', 'file:pass', '-nodes', '-nocerts');
    expect(ok, text).toBe(true);
    return /-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----/u.exec(text)?.[0] ?? '';
  },
};

test.each([
  ['zip', 'ec-p256'],
  ['p12', 'ec-p384'],
  ['p12', 'rsa-2048'],
  ['zip', 'rsa-2048'],
] as const)(
  'the key of a %s with %s is in the bundle and nowhere else: not in files, not in logs, not in memory',
  async (format, keyAlgorithm) => {
    const device = `acme/${format}-${keyAlgorithm}`;
    const made = await station.call('bundles.offer', { device, order: 'BUNDLES', format, keyAlgorithm });
    const { body } = await fetchLink(made.link.url);
    const passphrase = made.passphrase ?? '';
    const pem = keyIn[format](body, passphrase);
    const secrets = writings(pem);
    // The search finds what is there, in a file and in the memory of this very process.
    expect(whereIs(secrets, new Map([['here', Buffer.concat([Buffer.from('x'), ...secrets.values()])]]))).toHaveLength(secrets.size);
    const one = new Map([...secrets].filter(([how]) => how === 'd base64url'));
    expect(inMemory(process.pid, one).found.length).toBeGreaterThan(0);

    await station.call('publication.settle', {});
    const files = new Map([...filesIn(station.dataDir), ...filesIn(temporary)]);
    expect([...files.keys()].some((name) => name.endsWith('station.db-wal'))).toBe(true);
    files.set('what the services said', Buffer.from(station.log.join('\n')));
    expect(whereIs(secrets, files)).toEqual([]);
    expect(whereIs(new Map([['passphrase', Buffer.from(passphrase)]]), files)).toEqual([]);
    // The serial number is public: the search really reads the database.
    expect(whereIs(new Map([['serial', Buffer.from(made.bundle.serial)]]), files).length).toBeGreaterThan(0);

    for (const service of ['station', 'signer'] as const) {
      const { bytes, found } = inMemory(station.pid(service), secrets);
      expect(bytes).toBeGreaterThan(10_000_000);
      expect([service, found]).toEqual([service, []]);
    }
  },
);
