import { createPrivateKey } from 'node:crypto';
import { afterAll, afterEach, expect, test } from 'vitest';
import { makeStationKey } from '../../../src-main/station/ca/index.ts';
import { openUnit, type Credentials, type StoredItem, type UnitSession } from '../../../src-main/station/devices/index.ts';
import type { MicroPythonProfile } from '../../../src-main/station/devices/micropython/profile.ts';
import { pemBytes } from '../../../src-main/der/index.ts';
import { TestCa } from '../../support/agent.ts';
import { mbedTlsReads, serialOf } from '../../support/mbedtls.ts';
import { MicroPythonBoard, type BoardOptions } from '../../support/micropython-board.ts';
import { PtyPeer } from '../../support/pty-peer.ts';

const profile: MicroPythonProfile = {
  name: 'micropython',
  driver: 'micropython',
  key: 'station',
  keyAlgorithm: 'ec-p256',
  baudRate: 115_200,
  exchangeMs: 800,
  stepMs: 30_000,
  jobMs: 60_000,
  replugMs: 120_000,
  folder: '',
  format: 'pem',
  issuers: true,
};
const never = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });
const ca = new TestCa();
const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.dispose();
});
afterAll(() => ca.dispose());

async function plugged(options: BoardOptions = {}): Promise<MicroPythonBoard> {
  const board = await MicroPythonBoard.start(options);
  open.push(board);
  return board;
}

async function opened(path: string, over: Partial<MicroPythonProfile> = {}, lines: string[] = []): Promise<UnitSession> {
  const session = await openUnit({ path, profile: { ...profile, ...over }, ...never(), onTranscript: ({ text }) => lines.push(text) });
  open.push({ dispose: () => session.close() });
  return session;
}

async function credentials(): Promise<Credentials & { readonly privateKey: Buffer }> {
  const key = await makeStationKey('ec-p256', 'acme/M-1');
  return { ...(await ca.issue(key.csr)).credentials, privateKey: key.pkcs8 };
}

test('a real MicroPython is identified, written, read back and emptied again; the key is in its file and not in the transcript', async () => {
  const board = await plugged();
  const lines: string[] = [];
  const session = await opened(board.path, {}, lines);
  const unit = await session.identify(never());
  expect(unit).toMatchObject({ hardwareId: 'E6614103E7452D2F', provisioned: false });
  expect(unit.firmware).toMatch(/^micropython 1\.\d+/u);
  const own = await credentials();
  const secret = pemBytes('PRIVATE KEY', own.privateKey);
  const installed = await session.install(own, unit, never());
  expect(board.file('key.pem')?.equals(secret)).toBe(true);
  expect(mbedTlsReads(board.file('cert.pem'))).toEqual(own.certificateChain.map(serialOf));
  expect(mbedTlsReads(board.file('ca.pem'))).toEqual(own.trustAnchors.map(serialOf));
  expect(JSON.parse(board.file('broker.json')?.toString() ?? '')).toEqual(own.broker);
  await session.readBack(installed, never());
  expect(board.pastes).toBeGreaterThan(10);
  const said = lines.join('\n');
  for (let at = 0; at + 12 <= secret.length; at += 12) expect(said).not.toContain(secret.toString('hex', at, at + 12));
  expect(await session.identify(never())).toMatchObject({ provisioned: true });

  board.python.runPython("f = open('cert.pem', 'r+b'); f.seek(60); f.write(b'!'); f.close()");
  await expect(session.readBack(installed, never())).rejects.toMatchObject({ code: 'VERIFY_MISMATCH', params: { item: 'cert.pem' } });
  await session.erase(never());
  expect(['key.pem', 'cert.pem', 'ca.pem', 'broker.json'].map((path) => board.file(path))).toEqual([null, null, null, null]);
});

test.each([
  ['refused', []],
  ['unknown', ['plain raw mode: it does not know raw-paste']],
  ['silent', ['plain raw mode: it does not answer']],
] as const)('raw-paste %s: plain raw mode does it', async (paste, said) => {
  const board = await plugged({ paste });
  const lines: string[] = [];
  const session = await opened(board.path, { exchangeMs: 400 }, lines);
  const installed = await session.install(await credentials(), await session.identify(never()), never());
  await session.readBack(installed, never());
  expect(board.pastes).toBe(0);
  // What a micro:bit keeps.
  expect(board.mostUnanswered).toBeLessThanOrEqual(64);
  expect([...new Set(lines.filter((line) => line.startsWith('plain raw mode')))]).toEqual(said);
});

test('as PEM', async () => {
  const board = await plugged();
  const session = await opened(board.path, { format: 'pem' });
  await session.install(await credentials(), await session.identify(never()), never());
  expect(createPrivateKey(board.file('key.pem')?.toString() ?? '').asymmetricKeyType).toBe('ec');
});

test('a program that runs and prints is interrupted', async () => {
  const board = await plugged();
  board.say('temperature 21.5\r\ntemperature 21.6\r\n');
  const session = await opened(board.path);
  expect(await session.identify(never())).toMatchObject({ hardwareId: 'E6614103E7452D2F' });
});

/** The board is pulled while the first file is written and plugged in again, with these changes. */
async function unpluggedMidWrite(
  change: (board: MicroPythonBoard) => void,
): Promise<{ session: UnitSession; install: Promise<readonly StoredItem[]> }> {
  let left = Infinity;
  const board = await plugged({
    onByte: (_, self) => {
      if (--left !== 0) return false;
      change(self);
      void self.unplug().then(() => self.plug());
      return false;
    },
  });
  const session = await opened(board.path);
  const unit = await session.identify(never());
  left = 1500;
  return { session, install: session.install(await credentials(), unit, never()) };
}

test('unplugged while it is written: goes on with the files that are missing', async () => {
  const { session, install } = await unpluggedMidWrite(() => undefined);
  await session.readBack(await install, never());
});

test('another board after it was unplugged while it is written is DEVICE_SWAPPED', async () => {
  const { install } = await unpluggedMidWrite((board) => (board.uniqueId = Buffer.from('0102', 'hex')));
  await expect(install).rejects.toMatchObject({ code: 'DEVICE_SWAPPED' });
});

test('a console of another kind is WRONG_PROTOCOL, silence is NO_RESPONSE', async () => {
  const peer: PtyPeer = await PtyPeer.start('bridge', () => peer.send('login: \r\n'));
  open.push(peer);
  const fast = { ...profile, exchangeMs: 150 };
  await expect(openUnit({ path: peer.path, profile: fast, ...never() })).rejects.toMatchObject({ code: 'WRONG_PROTOCOL' });
  const silent = await PtyPeer.start('bridge');
  open.push(silent);
  await expect(openUnit({ path: silent.path, profile: fast, ...never() })).rejects.toMatchObject({ code: 'NO_RESPONSE' });
});

test('one wrong byte in its memory is VERIFY_MISMATCH', async () => {
  const board = await plugged();
  const session = await opened(board.path);
  const installed = await session.install(await credentials(), await session.identify(never()), never());
  board.python.runPython(`
with open('cert.pem', 'rb') as kept: content = bytearray(kept.read())
content[100] ^= 1
with open('cert.pem', 'wb') as faulty: faulty.write(content)
`);
  await expect(session.readBack(installed, never())).rejects.toMatchObject({ code: 'VERIFY_MISMATCH', params: { item: 'cert.pem' } });
});

test('cancelled while it is written: says what is unfinished', async () => {
  const board = await plugged();
  const session = await opened(board.path);
  const stop = new AbortController();
  const unit = await session.identify(never());
  const install = session.install(await credentials(), unit, { signal: stop.signal, onProgress: () => stop.abort() });
  await expect(install).rejects.toMatchObject({ code: 'CANCELLED', params: { left: 'unfinished (key)' } });
});

test('in DER it is the unit’s own certificate alone, and more than one trust anchor is refused before anything is written', async () => {
  const board = await plugged();
  const session = await opened(board.path, { format: 'der', issuers: false });
  const unit = await session.identify(never());
  const own = await credentials();
  const twice = { ...own, privateKey: Buffer.from(own.privateKey), trustAnchors: [...own.trustAnchors, ...own.trustAnchors] };
  await expect(session.install(twice, unit, never())).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
  expect(board.file('key.der')).toBeNull();
  await session.readBack(await session.install(own, unit, never()), never());
  expect(mbedTlsReads(board.file('cert.der'))).toEqual(own.certificateChain.slice(0, 1).map(serialOf));
});
