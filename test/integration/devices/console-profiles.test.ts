import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { ConsoleProfile } from '../../../src-main/station/devices/console/profile.ts';
import type { TranscriptLine, UnitSession } from '../../../src-main/station/devices/index.ts';
import { TestCa } from '../../support/agent.ts';
import { QuectelModem, SimcomModem, UbloxModem } from '../../support/console/cellular.ts';
import { NordicModem } from '../../support/console/nordic.ts';
import { consoleProfile, never, openConsole, provision } from '../../support/console/provision.ts';
import type { ConsoleFaults, SimulatedConsole } from '../../support/console/simulator.ts';
import { NordicShell, ZephyrCredentials } from '../../support/console/zephyr-shell.ts';

const ca = new TestCa();
afterAll(() => ca.dispose());
const disposables: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});

interface Kind {
  readonly profile: string;
  readonly make: (options?: ConsoleFaults & { imei?: string; hardwareId?: string }) => SimulatedConsole;
  /** What stands in the unit’s memory. */
  readonly stored: (unit: SimulatedConsole) => Buffer[];
  /** It tells what it stored. */
  readonly readsBack: boolean;
  /** Unasked lines of this kind of unit. */
  readonly unsolicited: readonly string[];
}

const urcs = ['+CEREG: 2', '+CREG: 0', 'RDY'];
const logs = ['[00:00:07.120,000] <inf> net: OK', '*** Booting Zephyr OS build v3.7.0 ***'];
const kinds: readonly Kind[] = [
  {
    profile: 'nrf91-at',
    make: (options) => new NordicModem(options),
    stored: (unit) => [...(unit as NordicModem).credentials.values()].map(({ content }) => content),
    readsBack: true,
    unsolicited: ['+CEREG: 2', '%CESQ: 54,2,15,2', ...logs],
  },
  {
    profile: 'nrf91-at-shell',
    make: (options) => new NordicShell(options),
    stored: (unit) => [...(unit as NordicShell).modem.credentials.values()].map(({ content }) => content),
    readsBack: true,
    unsolicited: logs,
  },
  ...['zephyr-cred', 'zephyr-cred-load'].map((profile): Kind => ({
    profile,
    make: (options) => new ZephyrCredentials(options),
    stored: (unit) => [...(unit as ZephyrCredentials).stored.values()],
    readsBack: true,
    unsolicited: logs,
  })),
  {
    profile: 'quectel-qfupl',
    make: (options) => new QuectelModem(options),
    stored: (unit) => [...(unit as QuectelModem).files.values()],
    readsBack: true,
    unsolicited: urcs,
  },
  {
    profile: 'simcom-ccertdown',
    make: (options) => new SimcomModem(options),
    stored: (unit) => [...(unit as SimcomModem).certificates.values()],
    readsBack: false,
    unsolicited: urcs,
  },
  {
    profile: 'ublox-usecmng',
    make: (options) => new UbloxModem(options),
    stored: (unit) => [...(unit as UbloxModem).stored.values()],
    readsBack: true,
    unsolicited: urcs,
  },
];

async function plugged(kind: Kind, options?: Parameters<Kind['make']>[0]): Promise<SimulatedConsole> {
  const unit = await kind.make(options).start();
  disposables.push(() => unit.dispose());
  return unit;
}

async function opened(unit: SimulatedConsole, profile: ConsoleProfile, transcript?: TranscriptLine[]): Promise<UnitSession> {
  const session = await openConsole(unit.path, profile, transcript === undefined ? {} : { transcript });
  disposables.push(() => session.close());
  return session;
}

/** Whether the certificate went over the line: as DER, as PEM, or as PEM in base64, which some shells take in pieces. */
function sent(unit: SimulatedConsole, certificate: Buffer): boolean {
  const text = unit.received.toString('latin1').replace(/\r\n?(?:cred buf )?/gu, '');
  const lines = certificate.toString('base64').replace(/.{64}/gu, '$&\n');
  const [firstLine = ''] = lines.split('\n');
  const pem = Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines}`).toString('base64').slice(0, 200);
  return unit.received.includes(certificate) || text.includes(firstLine) || text.includes(pem);
}

describe.each(kinds)('$profile', (kind) => {
  test('provisions a unit: exactly the bytes that were issued are in its memory, and no secret is in the transcript', async () => {
    const unit = await plugged(kind);
    const profile = consoleProfile(kind.profile);
    const transcript: TranscriptLine[] = [];
    const session = await opened(unit, profile, transcript);
    const { credentials } = await provision(session, profile, ca);
    const stored = kind.stored(unit).map((content) => content.toString('latin1'));
    const certificate = Buffer.from(credentials.certificateChain[0] ?? []);
    const held = stored.some(
      (content) => content.replace(/\s/gu, '').includes(certificate.toString('base64')) || content.includes(certificate.toString('latin1')),
    );
    expect(held).toBe(true);
    expect(stored.length).toBe(profile.key === 'station' ? 3 : kind.profile.startsWith('nrf91') ? 3 : 2);
    const said = transcript.map(({ text }) => text).join('\n');
    // The middle of the key’s own octets, in the forms in which it went over the line.
    const key = unit.received.toString('latin1');
    const secret = /-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/]{40})/u.exec(key)?.[1];
    const inPem = profile.key === 'station' && kind.profile !== 'zephyr-cred' && kind.profile !== 'ublox-usecmng';
    expect(secret !== undefined).toBe(inPem);
    expect(said).not.toContain(secret ?? 'PRIVATE KEY');
    expect(said).not.toContain('PRIVATE KEY');
    expect(await session.identify(never())).toMatchObject({ provisioned: true });
  });

  test('with its own messages in between', async () => {
    const unit = await plugged(kind, { unsolicited: kind.unsolicited });
    const profile = consoleProfile(kind.profile);
    await provision(await opened(unit, profile), profile, ca);
  });

  test('no room is STORAGE_FULL', async () => {
    const unit = await plugged(kind);
    faultsOf(unit).full = true;
    const profile = consoleProfile(kind.profile);
    const failed = provision(await opened(unit, profile), profile, ca);
    await expect(failed).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  });

  test('unplugged while it is written and plugged in again, it is finished', async () => {
    const unit = await plugged(kind);
    const profile = consoleProfile(kind.profile);
    const session = await opened(unit, profile);
    const writes = unit.heard(writing(kind.profile), { waits: true });
    const running = provision(session, profile, ca);
    // Whatever ends it before is the reason that is told.
    await Promise.race([writes, running]);
    await unit.unplug();
    await unit.start();
    await running;
  });

  test('another one at its place is DEVICE_SWAPPED', async () => {
    const unit = await plugged(kind);
    const profile = consoleProfile(kind.profile);
    const session = await opened(unit, profile);
    const writes = unit.heard(writing(kind.profile), { waits: true });
    const running = provision(session, profile, ca);
    const swapped = expect(running).rejects.toMatchObject({ code: 'DEVICE_SWAPPED' });
    // Whatever ends it before is the reason that is told.
    await Promise.race([writes, running]);
    await unit.unplug();
    rename(unit);
    await unit.start();
    await swapped;
  });

  test('cancelled while it is written, it is told as unfinished', async () => {
    const unit = await plugged(kind);
    const profile = consoleProfile(kind.profile);
    const session = await opened(unit, profile);
    const stop = new AbortController();
    const writes = unit.heard(writing(kind.profile), { waits: true });
    const running = provision(session, profile, ca, { signal: stop.signal });
    const cancelled = expect(running).rejects.toMatchObject({
      code: 'CANCELLED',
      params: { left: expect.stringMatching(/^unfinished \(/u) as string },
    });
    // Whatever ends it before is the reason that is told.
    await Promise.race([writes, running]);
    stop.abort();
    unit.goOn();
    await cancelled;
    // And the unit takes commands again: what was begun was ended.
    await session.close();
    await pause(0);
    const again = await opened(unit, profile);
    await provision(again, profile, ca);
  });
});

describe.each(kinds.filter(({ readsBack }) => readsBack))('$profile, which tells what it stored', (kind) => {
  test('a second time writes no certificate that is there already', async () => {
    const unit = await plugged(kind);
    const profile = consoleProfile(kind.profile);
    const session = await opened(unit, profile);
    const { credentials, unit: identity } = await provision(session, profile, ca);
    const certificate = Buffer.from(credentials.certificateChain[0] ?? []);
    expect(sent(unit, certificate)).toBe(true);
    unit.received = Buffer.alloc(0);
    // Its key is gone from the station: what is written again must not need it.
    await session.install({ ...credentials, privateKey: new Uint8Array() }, identity, never()).catch(() => undefined);
    expect(unit.received.length).toBeGreaterThan(0);
    expect(sent(unit, certificate)).toBe(false);
  });

  test('one wrong byte in its memory is VERIFY_MISMATCH', async () => {
    const unit = await plugged(kind);
    const profile = consoleProfile(kind.profile);
    // After the key, which quectel-qfupl never reads back.
    faultsOf(unit).corruptStored = profile.key === 'station' ? 1 : 0;
    await expect(provision(await opened(unit, profile), profile, ca)).rejects.toMatchObject({ code: 'VERIFY_MISMATCH' });
  });
});

describe.each(kinds.filter(({ profile }) => ['nrf91-at', 'zephyr-cred', 'quectel-qfupl'].includes(profile)))(
  'a bad line to $profile',
  (kind) => {
    test('one that says nothing more is NO_RESPONSE', async () => {
      const unit = await plugged(kind);
      const profile = consoleProfile(kind.profile, { exchangeMs: 300 });
      const session = await opened(unit, profile);
      unit.faults.hung = true;
      await expect(session.identify(never())).rejects.toMatchObject({ code: 'NO_RESPONSE' });
    });

    test('unreadable answers are WRONG_BAUD_SUSPECTED', async () => {
      const unit = await plugged(kind, { garbled: true });
      await expect(openConsole(unit.path, consoleProfile(kind.profile))).rejects.toMatchObject({ code: 'WRONG_BAUD_SUSPECTED' });
    });

    test('a flood of noise neither ends it nor takes memory', async () => {
      const unit = await plugged(kind);
      const profile = consoleProfile(kind.profile, { exchangeMs: 120_000 });
      const session = await opened(unit, profile);
      unit.flood(1_000_000);
      const before = process.memoryUsage().rss;
      expect(await session.identify(never())).toMatchObject({ locked: false });
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    });
  },
);

/** The first write of an item has begun. */
const writing = (profile: string): RegExp =>
  profile.startsWith('nrf91')
    ? /%CMNG=0,/u
    : profile === 'zephyr-cred'
      ? /cred buf [A-Z]/u
      : profile === 'zephyr-cred-load'
        ? /cred buf load\r.{4}/su
        : /QFUPL=|CCERTDOWN=|USECMNG=0/u;

/** Memory faults are the modem’s, where there is one behind a shell. */
const faultsOf = (unit: SimulatedConsole): ConsoleFaults => (unit instanceof NordicShell ? unit.modem : unit).faults;

function rename(unit: SimulatedConsole): void {
  const other = unit instanceof NordicShell ? unit.modem : unit;
  if (other instanceof ZephyrCredentials) other.hardwareId = 'ffffffffffffffff';
  else (other as NordicModem).imei = '999999999999999';
}

describe('what an nRF91 attests', () => {
  test('comes with the request', async () => {
    const unit = await plugged(kinds[0] as Kind);
    const session = await opened(unit, consoleProfile('nrf91-at'));
    const { csr, attestation } = await session.generateKey('acme/T-1', never());
    expect(csr.length).toBeGreaterThan(100);
    expect(attestation?.format).toBe('nordic-cose');
  });

  test('about another request is VERIFY_MISMATCH', async () => {
    const unit = await new NordicModem({ wrongAttestation: true }).start();
    disposables.push(() => unit.dispose());
    const session = await opened(unit, consoleProfile('nrf91-at'));
    await expect(session.generateKey('acme/T-1', never())).rejects.toMatchObject({ code: 'VERIFY_MISMATCH' });
  });

  test('a place that cannot be freed is SLOT_OCCUPIED', async () => {
    const unit = await new NordicModem({ stuck: ['8883,2'] }).start();
    disposables.push(() => unit.dispose());
    const session = await opened(unit, consoleProfile('nrf91-at'));
    await expect(session.generateKey('acme/T-1', never())).rejects.toMatchObject({ code: 'SLOT_OCCUPIED' });
  });
});

describe('a buffer smaller than a certificate', () => {
  test('is STORAGE_FULL, and says what to make larger', async () => {
    const unit = await new ZephyrCredentials({ bufferBytes: 256 }).start();
    disposables.push(() => unit.dispose());
    const profile = consoleProfile('zephyr-cred');
    await expect(provision(await opened(unit, profile), profile, ca)).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      detail: expect.stringContaining('CRED_BUF_SIZE') as string,
    });
  });
});
