import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { makeStationKey } from '../../../src-main/station/ca/index.ts';
import { Steps } from '../../../src-main/station/devices/console/steps.ts';
import { openUnit, type Credentials, type DeviceProfile } from '../../../src-main/station/devices/index.ts';
import { TestCa } from '../../support/agent.ts';
import { consoleProfile } from '../../support/console/provision.ts';
import { ZephyrCredentials } from '../../support/console/zephyr-shell.ts';
import { EspChip } from '../../support/esp-rom.ts';
import { McumgrTarget } from '../../support/mcumgr/target.ts';
import { MicroPythonBoard } from '../../support/micropython-board.ts';
import { shippedProfile } from '../../support/profiles.ts';
import { PtyPeer } from '../../support/pty-peer.ts';

/** What can be wrong with a peer, on every driver. Faults that only one protocol has are in the test of its driver. */
const profiles = ['reference-agent', 'mcumgr-files', 'esp32-secure-cert', 'micropython', 'zephyr-cred'] as const;
const quick = (name: string): DeviceProfile => ({ ...shippedProfile(name), exchangeMs: 300, replugMs: 200 });
const never = (): AbortSignal => new AbortController().signal;
const ca = new TestCa();
const disposables: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});
afterAll(() => ca.dispose());

async function peer(onData: (self: PtyPeer) => void = () => undefined): Promise<PtyPeer> {
  const started: PtyPeer = await PtyPeer.start('bridge', () => onData(started));
  disposables.push(() => started.dispose());
  return started;
}

async function refusedWith(name: string, path: string, signal = never()): Promise<{ code: string; lines: string[] }> {
  const lines: string[] = [];
  const opened = openUnit({ path, profile: quick(name), signal, onTranscript: ({ text }) => lines.push(text) });
  const thrown: unknown = await opened.then(
    (session) => session.close().then(() => 'opened'),
    (error: unknown) => error,
  );
  if (!(thrown instanceof Failure)) return { code: String(thrown), lines };
  const { left } = thrown.params;
  return { code: left === undefined ? thrown.code : `${thrown.code} ${String(left)}`, lines };
}

/** Bytes as they come at another speed: hardly any of them is text. */
const unreadable = Buffer.from(Array.from({ length: 96 }, (_, i) => 0x80 | ((i * 37) & 0x3f)));

/** Text without an end: one line, or a log. Neither memory nor transcript keeps it. */
const endless = Buffer.alloc(256 * 1024, 'x');
const logs = Buffer.from('[00:00:01.000,000] <inf> sensor: 21.5 degrees, all is well here\r\n'.repeat(4000));

test.each(profiles)(
  '%s: what else can be at the other end is told by its name, and giving up leaves everything as it was',
  async (name) => {
    const talker = (text: Buffer): Promise<PtyPeer> => peer((self) => self.send(text));
    const deaf = await PtyPeer.start('deaf');
    disposables.push(() => deaf.dispose());
    const stop = new AbortController();
    const ends = {
      silence: refusedWith(name, (await peer()).path),
      'takes no bytes': refusedWith(name, deaf.path),
      'another speed': refusedWith(name, (await talker(unreadable)).path),
      'a line without an end': refusedWith(name, (await talker(endless)).path),
      'a log without an end': refusedWith(name, (await talker(logs)).path),
      'silence, given up': refusedWith(name, (await peer(() => stop.abort())).path, stop.signal),
    };
    const codes: Record<string, string> = {};
    for (const [what, end] of Object.entries(ends)) {
      const { code, lines } = await end;
      codes[what] = code;
      expect(lines.join('').length, what).toBeLessThan(64 * 1024);
    }
    const none = expect.stringMatching(/^(?:WRONG_PROTOCOL|NO_RESPONSE)$/u) as string;
    expect(codes).toEqual({
      silence: 'NO_RESPONSE',
      'takes no bytes': 'NO_RESPONSE',
      'another speed': 'WRONG_BAUD_SUSPECTED',
      'a line without an end': none,
      'a log without an end': none,
      'silence, given up': 'CANCELLED as they were',
    });
  },
);

/** What somebody’s program prints without end: text, a prompt, and what a raw REPL says to code. No interrupt stops it. */
const printed = {
  text: 'x'.repeat(30).concat('\r\n'),
  'a prompt': '# ',
  'answers of a REPL': 'raw REPL; CTRL-B to exit\r\n>R\x01\x20\0OKx\x04\x04>',
  'the rest of a REPL’s answers': 'R\x01\x20\0x\x01',
};

describe.each(profiles)('%s: a peer that prints without end and swallows interrupts', (name) => {
  test.each(Object.entries(printed))('%s: open ends by name', { timeout: 60_000 }, async (_, text) => {
    const printer = await PtyPeer.start('printer');
    disposables.push(() => printer.dispose());
    printer.send(text);
    const { code } = await refusedWith(name, printer.path);
    expect(code).toMatch(/^(?:WRONG_PROTOCOL|NO_RESPONSE|WRONG_BAUD_SUSPECTED|UNVERIFIABLE|DEVICE_REFUSED)$/u);
  });
});

test(
  'a unit that answers everything and is never done: open ends with its step, and the line is free again',
  { timeout: 60_000 },
  async () => {
    const printer = await PtyPeer.start('printer');
    disposables.push(() => printer.dispose());
    printer.send('BUSY\r\n');
    const refusal = { match: 'BUSY', failure: 'DEVICE_BUSY' };
    const steps = [{ send: 'READY?', expect: { ok: 'READY', errors: [refusal] } }];
    const open = Steps.parse([{ retry: { n: 20, on: ['DEVICE_BUSY'], waitMs: 60_000, steps } }]);
    const profile = consoleProfile('zephyr-cred', { stepMs: 1000, open });
    await expect(openUnit({ path: printer.path, profile, signal: never() })).rejects.toMatchObject({
      code: 'TIMEOUT',
      params: { ms: 1000 },
    });
    expect((await refusedWith('zephyr-cred', printer.path)).code).not.toBe('PORT_BUSY');
  },
);

interface Unit {
  readonly path: string;
  /** What it does from the given part of the install on. */
  readonly from: (fault: 'hung' | 'flood' | 'noise') => void;
}

/** A unit that works until the fault is switched on by its own protocol: in the middle of the install, not at some time. */
const units: Record<string, () => Promise<Unit>> = {
  'mcumgr-files': async () => {
    let fault = '';
    let parts = 0;
    const target = await new McumgrTarget({
      bufferBytes: 128,
      onRequest: ({ group, command, write }, self) => {
        if (fault === '' || group !== 8 || command !== 0 || !write || ++parts < 3) return undefined;
        if (fault === 'hung') return 'lost';
        self.say(fault === 'flood' ? flood : noise);
        return undefined;
      },
    }).start();
    disposables.push(() => target.dispose());
    return { path: target.path, from: (what) => void (fault = what) };
  },
  'esp32-secure-cert': async () => {
    let fault = '';
    const chip = await new EspChip({
      onCommand: (op, _, self) => {
        if (fault === '' || op !== 0x11) return false;
        if (fault !== 'hung') self.say(fault === 'flood' ? flood : noise);
        return fault === 'hung';
      },
    }).plug();
    disposables.push(() => chip.dispose());
    return { path: chip.path, from: (what) => void (fault = what) };
  },
  micropython: async () => {
    let fault = '';
    let bytes = 0;
    const board = await MicroPythonBoard.start({
      onByte: (_, self) => {
        if (fault === '' || (bytes += 1) < 2000) return false;
        if (bytes === 2000 && fault !== 'hung') self.say(fault === 'flood' ? flood : noise);
        return fault === 'hung';
      },
    });
    disposables.push(() => board.dispose());
    return { path: board.path, from: (what) => void (fault = what) };
  },
  'zephyr-cred': async () => {
    const unit = await new ZephyrCredentials({ hardwareId: '0000000000000001' }).start();
    disposables.push(() => unit.dispose());
    return {
      path: unit.path,
      from: (what) => {
        if (what === 'hung') void unit.heard(/cred add/u).then(() => (unit.faults.hung = true));
        else void unit.heard(/cred add/u).then(() => (what === 'flood' ? unit.flood(512 * 1024) : unit.raw(noise)));
      },
    };
  },
};
const flood = Buffer.from('#'.repeat(62).concat('\r\n').repeat(8192));
const noise = Buffer.from('\r\n[00:00:09.000,000] <wrn> bus: retry\r\n');

async function install(profile: DeviceProfile, unit: Unit, fault: Parameters<Unit['from']>[0]): Promise<string> {
  const key = await makeStationKey('ec-p256', 'acme/F-1');
  const { credentials } = await ca.issue(key.csr);
  const given: Credentials = { ...credentials, privateKey: key.pkcs8 };
  const session = await openUnit({ path: unit.path, profile, signal: never() });
  disposables.push(() => session.close());
  const options = { signal: never() };
  const identified = await session.identify(options);
  unit.from(fault);
  try {
    await session.readBack(await session.install(given, identified, options), options);
    return 'as good as new';
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return thrown.code;
  }
}

describe.each(Object.entries(units))('%s: in the middle of the install', (name, make) => {
  test('the unit says nothing more: NO_RESPONSE', async () => {
    expect(await install(quick(name), await make(), 'hung')).toBe('NO_RESPONSE');
  });

  test('half a megabyte of other text: it is finished and right, or ends by name; never a wrong success', async () => {
    expect(['as good as new', 'WRONG_PROTOCOL', 'NO_RESPONSE', 'LINK_CORRUPT', 'DEVICE_REFUSED', 'VERIFY_MISMATCH']).toContain(
      await install(quick(name), await make(), 'flood'),
    );
  });
});

test.each(['mcumgr-files', 'esp32-secure-cert', 'zephyr-cred'])('%s: a log line between answers is survived', async (name) => {
  const make = units[name];
  expect(make === undefined ? '' : await install(shippedProfile(name), await make(), 'noise')).toBe('as good as new');
});
