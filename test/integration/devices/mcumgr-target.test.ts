import { createHash } from 'node:crypto';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { makeStationKey } from '../../../src-main/station/ca/index.ts';
import { openUnit, type Credentials, type UnitSession } from '../../../src-main/station/devices/index.ts';
import type { SmpFilesProfile } from '../../../src-main/station/devices/smp/profile.ts';
import { pemBytes } from '../../../src-main/der/index.ts';
import { TestCa } from '../../support/agent.ts';
import { mbedTlsReads, serialOf } from '../../support/mbedtls.ts';
import { McumgrTarget, type TargetOptions } from '../../support/mcumgr/target.ts';

const paths = { key: '/lfs/key.pem', certificate: '/lfs/cert.pem', trustAnchors: '/lfs/ca.pem', broker: '/lfs/broker.json' };
const profile: SmpFilesProfile = {
  name: 'mcumgr-files',
  driver: 'smp-files',
  key: 'station',
  keyAlgorithm: 'ec-p256',
  baudRate: 115_200,
  exchangeMs: 400,
  stepMs: 20_000,
  jobMs: 60_000,
  replugMs: 120_000,
  files: paths,
  format: 'pem',
  issuers: true,
  nul: true,
  identity: 'hwinfo',
};
const never = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const ca = new TestCa();
const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.dispose();
});
afterAll(() => ca.dispose());

async function plugged(options: TargetOptions = {}): Promise<McumgrTarget> {
  const target = await new McumgrTarget(options).start();
  open.push(target);
  return target;
}

async function opened(path: string, over: Partial<SmpFilesProfile> = {}, lines: string[] = []): Promise<UnitSession> {
  const session = await openUnit({ path, profile: { ...profile, ...over }, ...never(), onTranscript: ({ text }) => lines.push(text) });
  open.push({ dispose: () => session.close() });
  return session;
}

async function credentials(): Promise<Credentials & { readonly privateKey: Buffer }> {
  const key = await makeStationKey('ec-p256', 'acme/Z-1');
  return { ...(await ca.issue(key.csr)).credentials, privateKey: key.pkcs8 };
}

const certificatesOf = ({ certificateChain }: Credentials): Buffer =>
  Buffer.concat([...certificateChain.map((der) => pemBytes('CERTIFICATE', der)), Buffer.alloc(1)]);

const isUpload = (request: { group: number; command: number; write: boolean }): boolean =>
  request.group === 8 && request.command === 0 && request.write;

describe('a stock target', () => {
  test('is identified, written, read back and emptied; it claims no proof that it cannot give, and the key is in its file alone', async () => {
    const target = await plugged({ enumerates: true, logs: true });
    const lines: string[] = [];
    const session = await opened(target.path, {}, lines);
    const unit = await session.identify(never());
    expect(unit).toEqual({
      hardwareId: '0A1B2C3D4E5F6071',
      model: 'nrf5340dk_nrf5340_cpuapp',
      firmware: 'Zephyr 3.7.0',
      locked: false,
      provisioned: false,
    });
    expect(session.capabilities).toEqual({ keyOnDevice: false, unread: [], possession: false, selfTest: false, lock: false });
    const own = await credentials();
    const secret = Buffer.concat([pemBytes('PRIVATE KEY', own.privateKey), Buffer.alloc(1)]);
    const key = Buffer.from(own.privateKey);
    const installed = await session.install(own, unit, never());
    expect(installed.map(({ item, algorithm }) => `${item} ${algorithm}`)).toEqual([
      'key sha256',
      'trust anchors sha256',
      'broker settings sha256',
      'certificate sha256',
    ]);
    await session.readBack(installed, never());
    expect(target.files.files.get(paths.key)).toEqual(secret);
    expect(mbedTlsReads(target.files.files.get(paths.certificate))).toEqual(own.certificateChain.map(serialOf));
    expect(mbedTlsReads(target.files.files.get(paths.trustAnchors))).toEqual(own.trustAnchors.map(serialOf));
    expect(JSON.parse(target.files.files.get(paths.broker)?.toString() ?? '')).toMatchObject({ host: '127.0.0.1', port: 8883 });
    expect(await session.identify(never())).toMatchObject({ provisioned: true });
    const said = lines.join('\n');
    for (const form of ['hex', 'base64'] as const) expect(said).not.toContain(key.subarray(36, 60).toString(form));
    expect(said).toContain('file-upload name=/lfs/key.pem off=0 data=‹');

    const uploads = target.files.uploads.length;
    const again = { ...own, privateKey: key };
    await session.install(again, unit, never());
    expect(target.files.uploads).toHaveLength(uploads);
    await session.erase(never());
    expect([...target.files.files.values()].map(String)).toEqual(['\n', '\n', '\n', '\n']);
    expect(await session.identify(never())).toMatchObject({ provisioned: false });
  });

  test.each<[string, TargetOptions, string]>([
    ['of SMP version 1', { version: 1 }, 'sha256'],
    ['with buffers of 128 bytes', { bufferBytes: 128 }, 'sha256'],
    ['that does not tell its buffers, which are small', { bufferBytes: 128, parameters: false }, 'sha256'],
    ['that does not tell its hashes', { hashTypesCommand: false }, 'sha256'],
    ['that says nothing to what it does not know', { silentOnUnknown: true, closeCommand: false }, 'sha256'],
    ['with CRC-32 only: its files are read', { hashes: ['crc32'] }, 'sha256'],
    ['with CRC-32 only, and no word about it', { hashes: ['crc32'], hashTypesCommand: false, version: 1 }, 'sha256'],
    ['without hashes, status or close', { hashes: [], statusCommand: false, closeCommand: false }, 'sha256'],
    ['whose files may not be read, with CRC-32', { hashes: ['crc32'], unreadable: Object.values(paths) }, 'crc32'],
    ['that takes 20 bytes of what it is sent', { takesAtMost: 20 }, 'sha256'],
  ])('%s', async (_, options, algorithm) => {
    const target = await plugged(options);
    const session = await opened(target.path, { exchangeMs: 200 });
    const installed = await session.install(await credentials(), await session.identify(never()), never());
    expect(new Set(installed.map((item) => item.algorithm))).toEqual(new Set([algorithm]));
    await session.readBack(installed, never());
    expect(target.longest).toBeLessThanOrEqual((options.bufferBytes ?? 384) - 4);
    for (const { item, digest, bytes } of algorithm === 'sha256' ? installed : []) {
      const path = { key: paths.key, certificate: paths.certificate, 'trust anchors': paths.trustAnchors }[item] ?? paths.broker;
      const file = target.files.files.get(path) ?? Buffer.alloc(0);
      expect([file.length, sha256(file)]).toEqual([bytes, digest]);
    }
  });

  test('what can be neither hashed nor read is a capability that it lacks, for the verdict to name', async () => {
    const keyAlone = await plugged({ hashes: [], unreadable: [paths.key] });
    const session = await opened(keyAlone.path);
    expect(session.capabilities.unread).toEqual(['key']);
    await session.readBack(await session.install(await credentials(), await session.identify(never()), never()), never());
    const more = await plugged({ hashes: [], unreadable: [paths.certificate] });
    const other = await opened(more.path);
    expect(other.capabilities.unread).toEqual(['certificate']);
    const installed = await other.install(await credentials(), await other.identify(never()), never());
    await other.readBack(installed, never());
    // The rest is compared all the same.
    const wrong = installed.map((one) => ({ ...one, digest: '00' }));
    await expect(other.readBack(wrong, never())).rejects.toMatchObject({ code: 'VERIFY_MISMATCH' });
  });

  test('as PEM with its NUL', async () => {
    const target = await plugged();
    const session = await opened(target.path, { format: 'pem', nul: true });
    await session.install(await credentials(), await session.identify(never()), never());
    expect(target.files.files.get(paths.key)?.toString()).toMatch(/^-----BEGIN PRIVATE KEY-----\n[\s\S]+\n-----END PRIVATE KEY-----\n\0$/u);
  });

  test.each(['der', 'pem'] as const)('that makes its own key leaves its request in a file (%s), and gets no key', async (form) => {
    const target = await plugged();
    const { csr } = await makeStationKey('ec-p256', 'acme/Z-1');
    const files = { certificate: paths.certificate, trustAnchors: paths.trustAnchors, request: '/lfs/csr' };
    const session = await opened(target.path, { key: 'device', files });
    await expect(session.generateKey('acme/Z-1', never())).rejects.toMatchObject({ code: 'KEY_NOT_ON_DEVICE' });
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(csr).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    target.files.files.set('/lfs/csr', form === 'pem' ? Buffer.from(pem) : Buffer.from(csr));
    const request = await session.generateKey('acme/Z-1', never());
    expect(Buffer.from(request.csr)).toEqual(Buffer.from(csr));
    const { credentials: own } = await ca.issue(request.csr);
    const installed = await session.install(own, await session.identify(never()), never());
    await session.readBack(installed, never());
    expect(installed.map(({ item }) => item)).toEqual(['trust anchors', 'certificate']);
  });

  test('is known by its node name, or by a file', async () => {
    const target = await plugged({ groups: [0, 8] });
    target.files.files.set('/lfs/serial', Buffer.from('sn-000042\0'));
    expect(await (await opened(target.path, { identity: 'node-name' })).identify(never())).toMatchObject({ hardwareId: 'ZEPHYR-0A1B2C' });
    await open.pop()?.dispose();
    expect(await (await opened(target.path, { identity: { file: '/lfs/serial' } })).identify(never())).toMatchObject({
      hardwareId: 'SN-000042',
    });
    await open.pop()?.dispose();
    for (const identity of ['hwinfo', { file: '/lfs/none' }] as const)
      await expect(opened(target.path, { identity })).rejects.toMatchObject({ code: 'UNVERIFIABLE', params: { item: 'its identity' } });
  });
});

describe('faults', () => {
  test.each<[string, TargetOptions]>([
    ['by its hash', {}],
    ['by its content', { hashes: [] }],
    ['by CRC-32', { hashes: ['crc32'], unreadable: Object.values(paths) }],
  ])('one wrong stored byte is VERIFY_MISMATCH, %s', async (_, options) => {
    const target = await plugged({ ...options, wrongByte: { path: paths.trustAnchors, at: 0x21 } });
    const session = await opened(target.path);
    const installed = await session.install(await credentials(), await session.identify(never()), never());
    const expected = installed.find(({ item }) => item === 'trust anchors')?.digest;
    await expect(session.readBack(installed, never())).rejects.toMatchObject({
      code: 'VERIFY_MISMATCH',
      params: { item: paths.trustAnchors, expected },
    });
  });

  test('unplugged in the middle of a file: goes on where the unit was; nothing is written twice', async () => {
    let parts = 0;
    const target = await plugged({
      bufferBytes: 128,
      onRequest: (request, self) => {
        if (!isUpload(request) || request.body.get('name') !== paths.certificate || ++parts !== 5) return undefined;
        void self.unplug().then(() => self.start());
        return 'unseen';
      },
    });
    const session = await opened(target.path);
    const installed = await session.install(await credentials(), await session.identify(never()), never());
    await session.readBack(installed, never());
    const offsets = target.files.uploads.filter(({ name }) => name === paths.certificate).map(({ off }) => off);
    expect(parts).toBeGreaterThan(6);
    expect(new Set(offsets).size).toBe(offsets.length);
  });

  test('unplugged in the middle of a file, a unit that knows nothing of it afterwards gets it anew', async () => {
    let parts = 0;
    const target = await plugged({
      version: 1,
      bufferBytes: 128,
      onRequest: (request, self) => {
        if (!isUpload(request) || request.body.get('name') !== paths.certificate || ++parts !== 5) return undefined;
        void self.unplug().then(() => self.start());
        return 'unseen';
      },
    });
    const session = await opened(target.path);
    await session.readBack(await session.install(await credentials(), await session.identify(never()), never()), never());
    expect(target.files.uploads.filter(({ name, off }) => name === paths.certificate && off === 0)).toHaveLength(2);
  });

  test('restarted in the middle of a file, of which the last bytes are lost: goes on with those', async () => {
    let parts = 0;
    const target = await plugged({
      bufferBytes: 128,
      onRequest: (request, self) => {
        if (!isUpload(request) || request.body.get('name') !== paths.certificate || ++parts !== 5) return undefined;
        const file = self.files.files.get(paths.certificate) ?? Buffer.alloc(0);
        self.files.files.set(paths.certificate, file.subarray(0, file.length - 10));
        void self.unplug().then(() => self.start());
        return 'unseen';
      },
    });
    const session = await opened(target.path);
    const installed = await session.install(await credentials(), await session.identify(never()), never());
    await session.readBack(installed, never());
    expect(target.files.uploads.filter(({ name, off }) => name === paths.certificate && off === 0)).toHaveLength(1);
  });

  test('another unit after the re-plug is DEVICE_SWAPPED and gets nothing', async () => {
    let parts = 0;
    const target = await plugged({
      bufferBytes: 128,
      onRequest: (request, self) => {
        if (!isUpload(request) || ++parts !== 3) return undefined;
        self.hardwareId = 'ffffffffffffffff';
        self.files.files.clear();
        void self.unplug().then(() => self.start());
        return 'unseen';
      },
    });
    const session = await opened(target.path);
    const unit = await session.identify(never());
    await expect(session.install(await credentials(), unit, never())).rejects.toMatchObject({
      code: 'DEVICE_SWAPPED',
      params: { expected: '0A1B2C3D4E5F6071', actual: 'FFFFFFFFFFFFFFFF' },
    });
    expect(target.files.files.size).toBe(0);
  });

  test.each([1, 2] as const)('an answer to the first part, and one to a later part, is lost (SMP version %i)', async (version) => {
    for (const nth of [1, 3]) {
      let parts = 0;
      const target = await plugged({
        version,
        bufferBytes: 128,
        onRequest: (request) =>
          isUpload(request) && request.body.get('name') === paths.certificate && ++parts === nth ? 'lost' : undefined,
      });
      const session = await opened(target.path);
      const own = await credentials();
      const certificates = certificatesOf(own);
      const installed = await session.install(own, await session.identify(never()), never());
      await session.readBack(installed, never());
      expect(target.files.files.get(paths.certificate)).toEqual(certificates);
      await session.close();
    }
  });

  test('no room: says which file, what the unit said, and that it is unfinished', async () => {
    const target = await plugged({ capacity: 500 });
    const session = await opened(target.path);
    await expect(session.install(await credentials(), await session.identify(never()), never())).rejects.toMatchObject({
      code: 'DEVICE_REFUSED',
      params: { error: 'write failed; the file system may be full' },
    });
  });

  test('a path that is on no file system of the unit', async () => {
    const target = await plugged({ mount: '/other' });
    const session = await opened(target.path);
    await expect(session.install(await credentials(), await session.identify(never()), never())).rejects.toMatchObject({
      code: 'DEVICE_REFUSED',
      params: { command: `file-upload ${paths.key}`, error: 'no such mount point' },
    });
  });

  test.each<[string, TargetOptions]>([
    ['that lists its groups', { enumerates: true, groups: [0, 9] }],
    ['that has to be tried', { groups: [0, 9] }],
    ['that says nothing to what it does not know', { groups: [0, 9], silentOnUnknown: true }],
  ])('a target without files is WRONG_PROTOCOL: one %s', async (_, options) => {
    const target = await plugged(options);
    await expect(opened(target.path, { exchangeMs: 150 })).rejects.toMatchObject({ code: 'WRONG_PROTOCOL' });
  });

  test('cancelled in the middle of a file: says what is unfinished', async () => {
    const stop = new AbortController();
    let parts = 0;
    const target = await plugged({
      bufferBytes: 128,
      onRequest: (request) => {
        if (isUpload(request) && ++parts === 2) stop.abort();
        return undefined;
      },
    });
    const session = await opened(target.path);
    const unit = await session.identify(never());
    await expect(session.install(await credentials(), unit, { signal: stop.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      params: { left: 'unfinished (key)' },
    });
  });
});
