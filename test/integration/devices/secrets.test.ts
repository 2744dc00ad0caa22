import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { pemBytes } from '../../../src-main/der/index.ts';
import { makeStationKey } from '../../../src-main/station/ca/index.ts';
import { profileFailures } from '../../../src-main/station/devices/console/steps.ts';
import {
  openUnit,
  parseDeviceProfile,
  transcriptText,
  type DeviceProfile,
  type TranscriptLine,
} from '../../../src-main/station/devices/index.ts';
import { TestCa } from '../../support/agent.ts';
import { linePeer } from '../../support/console/line-peer.ts';
import { EspChip } from '../../support/esp-rom.ts';
import { McumgrTarget } from '../../support/mcumgr/target.ts';
import { MicroPythonBoard } from '../../support/micropython-board.ts';
import { shippedProfile } from '../../support/profiles.ts';
import type { PtyPeer } from '../../support/pty-peer.ts';

/** Units that say back what they were given. Nothing of it may stand in a failure or a transcript; it is searched for by its value. */
const password = 'hunter-2-and-more';
const never = (): AbortSignal => new AbortController().signal;
const ca = new TestCa();
const disposables: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});
afterAll(() => ca.dispose());

interface Outcome {
  readonly code: string;
  /** The failure with its message, parameters, detail, causes and stacks, and the transcript. */
  readonly said: string;
}

const inFull = (thrown: unknown): string =>
  thrown instanceof Error
    ? [thrown.message, thrown.stack, thrown instanceof Failure ? JSON.stringify(thrown.toData()) : '', inFull(thrown.cause)].join('\n')
    : JSON.stringify(thrown ?? null);

async function outcomeOf(lines: readonly TranscriptLine[], work: () => Promise<unknown>): Promise<Outcome> {
  const thrown: unknown = await work().then(
    () => null,
    (error: unknown) => error,
  );
  return { code: thrown instanceof Failure ? thrown.code : String(thrown), said: `${inFull(thrown)}\n${transcriptText(lines)}` };
}

const keyItem = {
  item: 'key',
  source: 'key',
  encoding: 'der',
  write: [
    {
      sendBlob: {
        source: 'key',
        encoding: 'base64',
        chunk: 48,
        before: 'PUT ',
        eol: 'crlf',
        expect: { ok: 'OK', errors: [{ match: 'ERROR.*', failure: 'CONTENT_REJECTED' }] },
      },
    },
  ],
};

const profileOf = (steps: readonly unknown[], item: unknown = keyItem): DeviceProfile =>
  parseDeviceProfile(
    'x.json',
    JSON.stringify({
      name: 'x',
      driver: 'console',
      summary: 's',
      manual: [{ title: 'm', version: '1' }],
      key: 'station',
      keyAlgorithm: 'ec-p256',
      baudRate: 115_200,
      exchangeMs: 1500,
      echo: 'off',
      variables: { pin: { value: password, secret: true } },
      open: steps,
      identify: [{ send: 'ID', expect: { ok: 'id=(?<hardwareId>\\w+)', errors: ['ERROR.*'] } }],
      install: [item],
    }),
  );

async function peerThat(answers: (line: string) => string | null): Promise<PtyPeer> {
  const peer = await linePeer(answers);
  disposables.push(() => peer.dispose());
  return peer;
}

const login = (expectation: unknown): unknown[] => [
  { set: { both: 'user:${pin}' } },
  { send: 'LOGIN ${pin}', expect: expectation },
  { send: 'AGAIN ${both}', expect: expectation },
];

describe('the console driver, with a password that the unit says back', () => {
  test.each(profileFailures)('%s', async (failure) => {
    const peer = await peerThat((line) => `ERROR in ${line} (${Buffer.from(password).toString('base64')})\r\n`);
    const lines: TranscriptLine[] = [];
    const profile = profileOf(login({ ok: 'OK', errors: [{ match: 'ERROR.*', failure }] }));
    const { code, said } = await outcomeOf(lines, () =>
      openUnit({ path: peer.path, profile, signal: never(), onTranscript: (line) => lines.push(line) }),
    );
    expect(code).toBe(failure);
    expect(said).not.toContain(password);
    expect(said).not.toContain(Buffer.from(password).toString('base64'));
    expect(said).toContain('LOGIN ‹secret›');
  });

  test.each([
    [
      'an answer without what was to be captured',
      'OK\r\n',
      { ok: 'OK', captures: [{ match: 'x=(?<x>.+)' }], errors: ['ERROR.*'] },
      'WRONG_PROTOCOL',
    ],
    ['silence after half of it came back', `LOGIN ${password.slice(0, 9)}`, { ok: 'OK', errors: ['ERROR.*'] }, 'NO_RESPONSE'],
  ])('%s', async (_, answer, expectation, expected) => {
    const peer = await peerThat((line) => (line.startsWith('HELLO') ? 'OK\r\n' : answer));
    const lines: TranscriptLine[] = [];
    const profile = profileOf([{ send: 'HELLO', expect: { ok: 'OK', errors: ['ERROR.*'] } }, ...login(expectation)]);
    const { code, said } = await outcomeOf(lines, () =>
      openUnit({ path: peer.path, profile, signal: never(), onTranscript: (line) => lines.push(line) }),
    );
    expect(code).toBe(expected);
    expect(said).not.toContain(password.slice(0, 9));
  });
});

interface Unit {
  readonly path: string;
  readonly profile: DeviceProfile;
  /** From now on it says this wherever its protocol lets it. */
  readonly echoes: (text: string) => void;
}

/** One of each driver that is given a key: the reference agent makes its own. */
const units: Record<string, () => Promise<Unit>> = {
  console: async () => {
    let text = '';
    const peer = await peerThat((line) => (line === 'ID' ? 'id=U1\r\n' : `${text}\r\nERROR in ${line}, ${text}\r\n`));
    return { path: peer.path, profile: profileOf([]), echoes: (echoed) => void (text = echoed) };
  },
  'mcumgr-files': async () => {
    let text = '';
    const target = await new McumgrTarget({
      onRequest: ({ group, command, write }, self) => {
        if (text === '' || group !== 8 || command !== 0 || !write) return undefined;
        self.say(`\r\n${text}\r\n`);
        return 'lost';
      },
    }).start();
    disposables.push(() => target.dispose());
    return { path: target.path, profile: shippedProfile('mcumgr-files'), echoes: (echoed) => void (text = echoed) };
  },
  'esp32-secure-cert': async () => {
    let text = '';
    const chip = await new EspChip({
      onCommand: (op, _, self) => {
        if (text === '' || op !== 0x11) return false;
        self.say(`\r\n${text}\r\n`);
        return true;
      },
    }).plug();
    disposables.push(() => chip.dispose());
    return { path: chip.path, profile: shippedProfile('esp32-secure-cert'), echoes: (echoed) => void (text = echoed) };
  },
  micropython: async () => {
    const board = await MicroPythonBoard.start();
    disposables.push(() => board.dispose());
    const echoes = (text: string): void =>
      void board.python.runPython(`
class Bad:
 def write(self, b): raise OSError('${text}')
def open(p, m='rb'):
 if m == 'rb': raise OSError(2)
 return Bad()
`);
    return { path: board.path, profile: shippedProfile('micropython'), echoes };
  },
};

test.each(Object.keys(units))('%s, with a key that the unit says back in the middle of the install', async (name) => {
  const unit = await units[name]?.();
  if (unit === undefined) throw new Error(name);
  const key = await makeStationKey('ec-p256', 'acme/F-1');
  const base64 = Buffer.from(key.pkcs8).toString('base64');
  const piece = base64.slice(60, 84);
  const { credentials } = await ca.issue(key.csr);
  const lines: TranscriptLine[] = [];
  const profile = { ...unit.profile, exchangeMs: 1500 };
  const session = await openUnit({ path: unit.path, profile, signal: never(), onTranscript: (line) => lines.push(line) });
  disposables.push(() => session.close());
  const options = { signal: never() };
  const identified = await session.identify(options);
  unit.echoes(`key ${piece}`);
  const given = { ...credentials, privateKey: Buffer.from(key.pkcs8) };
  const { code, said } = await outcomeOf(lines, () => session.install(given, identified, options));
  expect(code).toMatch(/^[A-Z_]+$/u);
  for (let at = 0; at + 12 <= piece.length; at += 4) expect(said, code).not.toContain(piece.slice(at, at + 12));
  expect(said).toContain('key ‹secret›');
});

test('a key that the unit held before is read back and compared, and stands in no transcript', async () => {
  const [old, own] = [await makeStationKey('ec-p256', 'acme/OLD'), await makeStationKey('ec-p256', 'acme/F-1')];
  let stored = Buffer.from(old.pkcs8).toString('base64');
  const oldPem = pemBytes('PRIVATE KEY', old.pkcs8).toString('latin1');
  const peer = await peerThat((line) => {
    if (line === 'ID') return `${oldPem.replaceAll('\n', '\r\n')}id=U1\r\n`;
    if (line === 'GET') return `key=${stored}\r\nOK\r\n`;
    if (line === 'NEW') stored = '';
    else stored += line.replace('PUT ', '');
    return 'OK\r\n';
  });
  const ok = { ok: 'OK', errors: ['ERROR.*'] };
  const readBack = {
    steps: [{ send: 'GET', expect: { ...ok, captures: [{ match: 'key=(?<stored>.*)' }] } }],
    digest: '${stored}',
    form: 'content-base64',
  };
  const profile = profileOf([], { ...keyItem, write: [{ send: 'NEW', expect: ok }, ...keyItem.write], readBack });
  const lines: TranscriptLine[] = [];
  const session = await openUnit({ path: peer.path, profile, signal: never(), onTranscript: (line) => lines.push(line) });
  disposables.push(() => session.close());
  const options = { signal: never() };
  const { credentials } = await ca.issue(own.csr);
  const installed = await session.install({ ...credentials, privateKey: own.pkcs8 }, await session.identify(options), options);
  await session.readBack(installed, options);
  const said = transcriptText(lines);
  expect(said).toContain('key=‹secret›');
  const digits = Buffer.from(old.pkcs8).toString('base64');
  for (let at = 48; at + 12 <= digits.length; at += 12) expect(said).not.toContain(digits.slice(at, at + 12));
});
