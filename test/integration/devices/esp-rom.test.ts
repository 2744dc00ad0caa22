import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createHash } from 'node:crypto';
import { Failure } from '../../../src-main/contract/index.ts';
import { makeStationKey } from '../../../src-main/station/ca/index.ts';
import { openUnit, type Credentials, type StoredItem, type UnitSession } from '../../../src-main/station/devices/index.ts';
import type { EspRomProfile } from '../../../src-main/station/devices/esp-rom/profile.ts';
import { TestCa } from '../../support/agent.ts';
import { EspChip, espKinds, type EspChipOptions } from '../../support/esp-rom.ts';
import { lineSpeed, PtyPeer } from '../../support/pty-peer.ts';

const profile: EspRomProfile = {
  name: 'esp',
  driver: 'esp-rom',
  key: 'station',
  keyAlgorithm: 'ec-p256',
  baudRate: 115_200,
  exchangeMs: 3000,
  stepMs: 20_000,
  jobMs: 60_000,
  replugMs: 120_000,
  flashBytes: 0x40_0000,
  reset: 'classic',
  secureCert: { offset: 0xd000, size: 0x2000 },
  flashEncryption: 'refuse',
};
const never = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });
const ca = new TestCa();
const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.dispose();
});
afterAll(() => ca.dispose());

async function plugged(options: EspChipOptions = {}): Promise<EspChip> {
  const chip = await new EspChip(options).plug();
  open.push(chip);
  return chip;
}

async function opened(path: string, over: Partial<EspRomProfile> = {}, lines: string[] = []): Promise<UnitSession> {
  const session = await openUnit({ path, profile: { ...profile, ...over }, ...never(), onTranscript: ({ text }) => lines.push(text) });
  open.push({ dispose: () => session.close() });
  return session;
}

/** Credentials with a key by the station; `secrets`: what must be nowhere afterwards. */
async function credentials(): Promise<Credentials & { readonly privateKey: Buffer }> {
  const key = await makeStationKey('ec-p256', 'acme/E-1');
  const issued = await ca.issue(key.csr);
  return { ...issued.credentials, privateKey: key.pkcs8 };
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each(['ESP32', 'ESP32-C3'] as const)('an %s', (kind) => {
  test('is identified by its address, written, read back, and then holds something', async () => {
    const chip = await plugged({ kind, chatter: true });
    const session = await opened(chip.path);
    const unit = await session.identify(never());
    expect(unit).toMatchObject({ hardwareId: chip.mac, model: kind, provisioned: false });
    const before = chip.received;
    const installed = await session.install(await credentials(), unit, never());
    expect(installed).toMatchObject([{ item: 'esp_secure_cert', bytes: 0x2000, algorithm: 'md5' }]);
    // Two sectors go over the wire packed: less than the partition, whatever SLIP and checksums add.
    expect(chip.received - before).toBeLessThan(0x1400);
    await session.readBack(installed, never());
    expect(chip.flash.readUInt32LE(0xd000)).toBe(0xba5eba11);
    expect(await session.identify(never())).toMatchObject({ provisioned: true });
    await session.erase(never());
    expect(chip.flash.every((byte) => byte === 0xff)).toBe(true);
  });
});

test('the key is in the flash and nowhere else: not in the transcript, and no image is left in the driver', async () => {
  const chip = await plugged();
  const lines: string[] = [];
  const session = await opened(chip.path, {}, lines);
  const own = await credentials();
  const secret = Buffer.from(own.privateKey);
  await session.install(own, await session.identify(never()), never());
  const said = lines.join('\n');
  for (let at = 0; at + 12 <= secret.length; at += 12) {
    const part = secret.subarray(at, at + 12);
    for (const form of [part.toString('base64').slice(0, 15), part.toString('hex')]) expect(said).not.toContain(form);
  }
  expect(said).toContain('FLASH_DEFL_DATA');
  // The search finds it where it must be.
  expect(chip.flash.includes(secret.toString('base64').slice(0, 48))).toBe(true);
});

test('installed twice, the second time writes nothing', async () => {
  const chip = await plugged();
  const session = await opened(chip.path);
  const unit = await session.identify(never());
  const own = await credentials();
  await session.install({ ...own, privateKey: Buffer.from(own.privateKey) }, unit, never());
  const writes = chip.counts.get(0x10);
  await session.install(own, unit, never());
  expect(chip.counts.get(0x10)).toBe(writes);
});

test('one wrong byte in the flash is VERIFY_MISMATCH', async () => {
  const chip = await plugged({ wrongByteAt: 0xd123 });
  const session = await opened(chip.path);
  const installed = await session.install(await credentials(), await session.identify(never()), never());
  await expect(session.readBack(installed, never())).rejects.toMatchObject({
    code: 'VERIFY_MISMATCH',
    params: { item: 'esp_secure_cert', expected: installed[0]?.digest },
  });
});

test('NVS for the broker settings beside it, and everything in NVS', async () => {
  const nvs = { offset: 0x9000, size: 0x3000, namespace: 'birthmark', credentials: false };
  const chip = await plugged();
  const both = await opened(chip.path, { nvs });
  const installed = await both.install(await credentials(), await both.identify(never()), never());
  expect(installed.map(({ item }) => item)).toEqual(['esp_secure_cert', 'nvs']);
  expect(chip.flash.indexOf('tenant/acme/device/T-1\0', 0x9000)).toBeGreaterThan(0x9000);
  await both.readBack(installed, never());
  await both.close();
  await both.erase(never()).catch(() => undefined);
  const other = await plugged();
  const alone = await opened(other.path, { secureCert: undefined, nvs: { ...nvs, size: 0x4000, credentials: true } });
  const inNvs: readonly StoredItem[] = await alone.install(await credentials(), await alone.identify(never()), never());
  await alone.readBack(inNvs, never());
  expect(other.flash.includes('-----BEGIN PRIVATE KEY-----')).toBe(true);
});

describe('what a chip forbids is told before anything is written', () => {
  test('Secure Download Mode is UNVERIFIABLE, never a success', async () => {
    const chip = await plugged({ secureDownload: true });
    const session = await opened(chip.path);
    await expect(session.identify(never())).rejects.toMatchObject({ code: 'UNVERIFIABLE' });
    expect(chip.counts.has(0x10)).toBe(false);
  });

  test.each(['ESP32', 'ESP32-C3'] as const)('flash encryption on an %s is refused unless the profile says how', async (kind) => {
    const chip = await plugged({ kind, flashEncrypted: true });
    const session = await opened(chip.path);
    expect((await session.identify(never())).obstacle).toMatchObject({ code: 'FLASH_ENCRYPTED' });
    await session.close();
  });

  test('written encrypted nothing can be read back, and it does not claim to', async () => {
    const chip = await plugged({ flashEncrypted: true });
    const session = await opened(chip.path, { flashEncryption: 'encrypt' });
    expect((await session.identify(never())).obstacle).toBeUndefined();
    expect(session.capabilities.unread).toBe('all');
    const esp32 = await plugged({ kind: 'ESP32', flashEncrypted: true });
    const cannot = await opened(esp32.path, { flashEncryption: 'encrypt' });
    expect((await cannot.identify(never())).obstacle).toMatchObject({ code: 'FLASH_ENCRYPTED' });
  });
});

describe('faults', () => {
  test('unplugged while it is written: goes on with the sectors that are missing', async () => {
    let gone = Promise.resolve();
    const chip = await plugged({
      onCommand: (op, nth, self) => {
        // The second sector is begun.
        if (op !== 0x10 || nth !== 2) return false;
        gone = self.unplug().then(async () => void (await self.plug()));
        return true;
      },
    });
    const session = await opened(chip.path);
    const own = await credentials();
    const long = { ...own, trustAnchors: Array.from({ length: 7 }, () => own.trustAnchors[0] ?? new Uint8Array()) };
    const installed = await session.install(long, await session.identify(never()), never());
    await gone;
    await session.readBack(installed, never());
    // Sector one once, sector two twice.
    expect(chip.counts.get(0x10)).toBe(3);
  });

  test('another chip after the re-plug is DEVICE_SWAPPED, and gets nothing of the key', async () => {
    const chip = await plugged({
      onCommand: (op, nth, self) => {
        if (op !== 0x10 || nth !== 1) return false;
        self.mac = '7CDFA1000002';
        self.flash.fill(0xff);
        void self.unplug().then(() => self.plug());
        return true;
      },
    });
    const session = await opened(chip.path);
    const unit = await session.identify(never());
    await expect(session.install(await credentials(), unit, never())).rejects.toMatchObject({
      code: 'DEVICE_SWAPPED',
      params: { expected: '7CDFA1000001', actual: '7CDFA1000002' },
    });
    expect(chip.flash.every((byte) => byte === 0xff)).toBe(true);
  });

  test.each([28, 32, 33])('answer %i is lost, or comes damaged: the sector is begun anew', async (nth) => {
    for (const fault of [{ losesAnswer: nth }, { damagesAnswer: nth }]) {
      const chip = await plugged(fault);
      const session = await opened(chip.path);
      const installed = await session.install(await credentials(), await session.identify(never()), never());
      await session.readBack(installed, never());
      await session.close();
    }
  });

  test('a chip that stops answering is NO_RESPONSE', async () => {
    const chip = await plugged({ onCommand: (op) => op === 0x11 || op === 0x08 });
    const refused = openUnit({ path: chip.path, profile: { ...profile, exchangeMs: 200 }, ...never() });
    await expect(refused).rejects.toMatchObject({ code: 'NO_RESPONSE' });
  });

  test('a console that prints is WRONG_PROTOCOL; garbage is WRONG_BAUD_SUSPECTED', async () => {
    for (const [text, code] of [
      ['login: \r\n', 'WRONG_PROTOCOL'],
      [Buffer.from(Array.from({ length: 64 }, (_, i) => 0x80 | ((i * 37) & 0x3f))), 'WRONG_BAUD_SUSPECTED'],
    ] as const) {
      const peer: PtyPeer = await PtyPeer.start('bridge', () => peer.send(text));
      open.push(peer);
      await expect(openUnit({ path: peer.path, profile, ...never() })).rejects.toMatchObject({ code });
    }
  });

  test('a flood of noise and an endless frame take no memory and do not hide the answers', async () => {
    const flood = Buffer.alloc(64 * 1024, 'x');
    const chip = await plugged({
      onCommand: (op, _, self) => {
        if (op === 0x13 || op === 0x11) self.say(Buffer.concat([flood, Buffer.from([0xc0]), flood]));
        return false;
      },
    });
    const session = await opened(chip.path, { exchangeMs: 3000 });
    const installed = await session.install(await credentials(), await session.identify(never()), never());
    await session.readBack(installed, never());
  });

  test('cancelled while it is written: says what is unfinished', async () => {
    const stop = new AbortController();
    const chip = await plugged({
      onCommand: (op) => {
        if (op === 0x11) stop.abort();
        return false;
      },
    });
    const session = await opened(chip.path);
    const unit = await session.identify(never());
    await expect(session.install(await credentials(), unit, { signal: stop.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      params: { left: 'unfinished (esp_secure_cert)' },
    });
  });

  test('credentials that do not fit are STORAGE_FULL, and nothing is written', async () => {
    const chip = await plugged();
    const session = await opened(chip.path);
    const own = await credentials();
    const many = { ...own, trustAnchors: Array.from({ length: 20 }, () => own.trustAnchors[0] ?? new Uint8Array()) };
    await expect(session.install(many, await session.identify(never()), never())).rejects.toBeInstanceOf(Failure);
    expect(sha(chip.flash)).toBe(sha(Buffer.alloc(chip.flash.length, 0xff)));
  });
});

test('the speed is changed when the profile says so', async () => {
  const chip = await plugged();
  const lines: string[] = [];
  const session = await opened(chip.path, { fastBaudRate: 460_800 }, lines);
  expect(await session.identify(never())).toMatchObject({ hardwareId: chip.mac });
  expect(lines).toContain('now at 460800 baud');
  expect(lines).toContain('the port has no reset lines: the chip must be in its loader already');
});

test.each<[string, (op: number, chip: EspChip) => boolean]>([
  ['a chip that does not take it', (op) => op === 0x0f],
  ['a line that does not carry it', (_, chip) => lineSpeed(chip.path) !== 115_200],
])('the speed falls back by itself: %s', async (_, isLost) => {
  const chip = await plugged({ onCommand: (op, _nth, self) => isLost(op, self) });
  const lines: string[] = [];
  const session = await opened(chip.path, { fastBaudRate: 460_800 }, lines);
  expect(lines).toContain('back to 115200 baud: NO_RESPONSE at 460800');
  expect(lineSpeed(chip.path)).toBe(115_200);
  await session.readBack(await session.install(await credentials(), await session.identify(never()), never()), never());
});

test.each(espKinds)('an %s whose watchdogs go on is written to the end, with its own name', async (kind) => {
  const chip = await plugged({ kind, watchdogsAfter: 10 });
  const session = await opened(chip.path, { reset: 'usb-jtag' });
  const unit = await session.identify(never());
  expect(unit).toMatchObject({ hardwareId: chip.mac, model: kind });
  await session.readBack(await session.install(await credentials(), unit, never()), never());
});

test('after it was plugged in again, its watchdogs are stopped again', async () => {
  const chip = await plugged({
    kind: 'ESP32-S3',
    watchdogsAfter: 10,
    onCommand: (op, nth, self) => {
      if (op !== 0x11 || nth !== 1) return false;
      void self.unplug().then(() => self.plug());
      return true;
    },
  });
  const session = await opened(chip.path, { reset: 'usb-jtag' });
  await session.readBack(await session.install(await credentials(), await session.identify(never()), never()), never());
  expect(chip.counts.get(0x09)).toBe(12);
});

test.each([
  [28, 'an ESP32-H4 (chip id 28), which is not supported'],
  [99, 'a chip that nobody knows here (chip id 99)'],
])('the chip with id %i is refused by its name', async (chipId, named) => {
  const chip = await plugged({ chipId });
  const session = await opened(chip.path);
  await expect(session.identify(never())).rejects.toMatchObject({ code: 'WRONG_PROTOCOL', detail: `it is ${named}` });
});
