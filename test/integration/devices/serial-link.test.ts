import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { Failure } from '../../../src-main/contract/index.ts';
import { openUnit } from '../../../src-main/station/devices/index.ts';
import { presence } from '../../../src-main/station/devices/presence.ts';
import { portSettings, SerialLink } from '../../../src-main/station/devices/serial-link.ts';
import { shippedProfile } from '../../support/profiles.ts';
import { lineFlags, lineSpeed, PtyPeer } from '../../support/pty-peer.ts';

const disposables: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});

async function peerOf(mode: 'bridge' | 'deaf', onData?: (bytes: Buffer) => void): Promise<PtyPeer> {
  const peer = await PtyPeer.start(mode, onData);
  disposables.push(() => peer.dispose());
  return peer;
}

interface Opened {
  readonly link: SerialLink;
  readonly lost: Promise<Failure>;
  readonly lostTimes: () => number;
}

async function openLink(path: string, options: { baudRate?: number; onData?: (bytes: Uint8Array) => void } = {}): Promise<Opened> {
  let times = 0;
  let report: (failure: Failure) => void = () => undefined;
  const lost = new Promise<Failure>((done) => (report = done));
  const onLost = (failure: Failure): void => {
    times += 1;
    report(failure);
  };
  const link = await SerialLink.open({ path, baudRate: options.baudRate ?? 115_200, onData: options.onData ?? (() => undefined), onLost });
  disposables.push(() => link.close());
  return { link, lost, lostTimes: () => times };
}

describe('unplugging', () => {
  test('is reported although nobody asked to read', async () => {
    const peer = await peerOf('bridge');
    const { lost, lostTimes, link } = await openLink(peer.path);
    await peer.hangUp();
    expect(await lost).toMatchObject({ code: 'PORT_GONE', params: { path: peer.path } });
    expect(link.isOpen).toBe(false);
    await link.close();
    expect(lostTimes()).toBe(1);
  });

  test('is reported when it happens while the port is being opened, where serialport reads 0 bytes for ever', async () => {
    for (let round = 0; round < 8; round++) {
      const peer = await peerOf('bridge');
      const opening = openLink(peer.path);
      const gone = peer.hangUp();
      const code = await opening
        .then(({ lost }) => lost)
        .then(
          ({ code }) => code,
          (thrown: unknown) => (thrown as Failure).code,
        );
      expect(code).toBe('PORT_GONE');
      await gone;
    }
  });

  test('leaves nothing behind the path, also where a dangling link is left', async () => {
    const peer = await peerOf('bridge');
    const before = await presence(peer.path);
    await peer.hangUp();
    expect(await presence(peer.path)).toBeNull();
    expect(before).not.toBeNull();
  });

  test('a write after it fails as PORT_GONE', async () => {
    const peer = await peerOf('bridge');
    const { link, lost } = await openLink(peer.path);
    await peer.hangUp();
    await lost;
    await expect(link.write(Buffer.from('x'), 100)).rejects.toMatchObject({ code: 'PORT_GONE' });
  });
});

describe('closing', () => {
  test('can be done twice, and with writes that wait, without an unhandled error', async () => {
    const peer = await peerOf('deaf');
    const { link, lostTimes } = await openLink(peer.path);
    const write = link.write(Buffer.alloc(200_000), 10_000);
    await Promise.all([link.close(), link.close(), expect(write).rejects.toMatchObject({ code: 'PORT_GONE' })]);
    await link.close();
    expect(lostTimes()).toBe(0);
  });

  test('frees the port for the next one', async () => {
    const peer = await peerOf('bridge');
    for (let round = 0; round < 5; round++) await (await openLink(peer.path)).link.close();
  });
});

test('a peer that takes no bytes does not hold a write longer than its deadline, and the line is given up', async () => {
  const peer = await peerOf('deaf');
  const { link, lost } = await openLink(peer.path);
  await expect(link.write(Buffer.alloc(200_000), 150)).rejects.toMatchObject({ code: 'NO_RESPONSE', params: { ms: 150 } });
  expect((await lost).code).toBe('NO_RESPONSE');
  expect(link.isOpen).toBe(false);
});

test('a port without DTR and RTS says so and goes on', async () => {
  let heard = '';
  const peer = await peerOf('bridge', (bytes) => (heard += bytes.toString()));
  const { link } = await openLink(peer.path);
  expect(await link.setLines({ dtr: true, rts: false })).toBe(false);
  await link.write(Buffer.from('still here'), 1000);
  await expect.poll(() => heard).toBe('still here');
});

test('every byte value passes unchanged both ways', async () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
  let toPeer = Buffer.alloc(0);
  let fromPeer = Buffer.alloc(0);
  const peer = await peerOf('bridge', (bytes) => (toPeer = Buffer.concat([toPeer, bytes])));
  const { link } = await openLink(peer.path, { onData: (bytes) => (fromPeer = Buffer.concat([fromPeer, bytes])) });
  await link.write(all, 1000);
  peer.send(all);
  await expect.poll(() => toPeer.equals(all)).toBe(true);
  await expect.poll(() => fromPeer.equals(all)).toBe(true);
});

test.each([9600, 115_200, 123_456, 921_600, 3_000_000])('the line is set to %i baud', async (baudRate) => {
  const peer = await peerOf('bridge');
  await openLink(peer.path, { baudRate });
  expect(lineSpeed(peer.path)).toBe(baudRate);
});

describe('a port that cannot be had', () => {
  test('held by this program: PORT_BUSY', async () => {
    const peer = await peerOf('bridge');
    await openLink(peer.path);
    await expect(openLink(peer.path)).rejects.toMatchObject({ code: 'PORT_BUSY', params: { path: peer.path } });
  });

  test('locked by another program: PORT_BUSY, and free again when that one ends', async () => {
    const peer = await peerOf('bridge');
    const other = spawn('flock', ['--exclusive', peer.path, 'sh', '-c', 'echo locked; read wait'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    await expect(openLink(peer.path)).rejects.toMatchObject({ code: 'PORT_BUSY' });
    other.stdin.end();
    await once(other, 'exit');
    await openLink(peer.path);
  });

  test('our lock holds against others', async () => {
    const peer = await peerOf('bridge');
    await openLink(peer.path);
    const code = await new Promise((done) => execFile('flock', ['--nonblock', peer.path, 'true'], (error) => done(error?.code)));
    expect(code).toBe(1);
  });

  test('not there: PORT_GONE', async () => {
    await expect(openLink('/dev/birthmark-no-such-port')).rejects.toMatchObject({ code: 'PORT_GONE' });
  });

  test('no serial port: WRONG_PROTOCOL', async () => {
    const peer = await peerOf('bridge');
    const file = join(peer.path, '..', 'file');
    writeFileSync(file, '');
    await expect(openLink(file)).rejects.toMatchObject({ code: 'WRONG_PROTOCOL' });
  });
});

test('a flood of noise is slowed down and takes no memory', async () => {
  const peer = await peerOf('bridge');
  let received = 0;
  await openLink(peer.path, { onData: (bytes) => (received += bytes.length) });
  const noise = Buffer.alloc(1024 * 1024, 0xa5);
  const sendMore = setInterval(() => peer.send(noise), 50);
  disposables.push(() => Promise.resolve(clearInterval(sendMore)));
  await expect.poll(() => received).toBeGreaterThan(2_000_000);
  const before = process.memoryUsage().arrayBuffers;
  await expect.poll(() => received).toBeGreaterThan(6_000_000);
  clearInterval(sendMore);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
});

describe('the line of a profile', () => {
  test.each(['reference-agent', 'mcumgr-files', 'micropython', 'zephyr-cred'])(
    '%s: its stop bits and flow control are set',
    async (name) => {
      const asked: ReturnType<typeof lineFlags>[] = [];
      const peer: PtyPeer = await peerOf('bridge', () => {
        if (asked.length === 0) asked.push(lineFlags(peer.path));
      });
      const line = { dataBits: 8, parity: 'none', stopBits: 2, flowControl: 'rts-cts' } as const;
      const profile = { ...shippedProfile(name), exchangeMs: 100, line };
      await expect(openUnit({ path: peer.path, profile, signal: new AbortController().signal })).rejects.toMatchObject({
        code: 'NO_RESPONSE',
      });
      expect(asked).toEqual([{ twoStopBits: true, rtsCts: true }]);
    },
  );

  test('without one it is 8N1 without flow control, never with XON and XOFF', () => {
    expect(portSettings()).toEqual({ dataBits: 8, parity: 'none', stopBits: 1, rtscts: false, xon: false, xoff: false });
    expect(portSettings({ dataBits: 7, parity: 'even', stopBits: 1, flowControl: 'none' })).toMatchObject({
      dataBits: 7,
      parity: 'even',
      rtscts: false,
    });
  });
});
