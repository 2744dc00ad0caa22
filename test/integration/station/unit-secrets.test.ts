import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pemBytes } from '../../../src-main/der/index.ts';
import { birthmark, jsonOf, type CliResult } from '../../support/birthmark.ts';
import { linePeer } from '../../support/console/line-peer.ts';
import { EspChip } from '../../support/esp-rom.ts';
import { McumgrTarget } from '../../support/mcumgr/target.ts';
import { MicroPythonBoard } from '../../support/micropython-board.ts';
import { filesOf, whereIs } from '../../support/secret-search.ts';

const password = 'Zq7-unit-password-Kw';
const dir = mkdtempSync(join(tmpdir(), 'birthmark-unit-secrets-'));
const [data, port] = [join(dir, 'station'), join(dir, 'port')];
const run = (...args: string[]): Promise<CliResult> => birthmark([...args, '--data', data]);
const disposables: (() => Promise<unknown>)[] = [];

const refused = { ok: 'OK', errors: [{ match: 'ERROR.*', failure: 'DEVICE_REFUSED' }] };
/** Logs in with a password, and is given the key in base64. */
const gateway = {
  name: 'gateway',
  driver: 'console',
  summary: 's',
  manual: [{ title: 'm', version: '1' }],
  key: 'station',
  keyAlgorithm: 'ec-p256',
  baudRate: 115_200,
  exchangeMs: 1000,
  echo: 'off',
  variables: { pin: { file: join(dir, 'password'), secret: true } },
  open: [{ send: 'LOGIN ${pin}', expect: refused }],
  identify: [{ send: 'ID', expect: { ok: 'id=(?<hardwareId>\\w+)', errors: ['ERROR.*'] } }],
  install: [
    {
      item: 'key',
      source: 'key',
      encoding: 'der',
      write: [{ sendBlob: { source: 'key', encoding: 'base64', chunk: 200, before: 'PUT ', eol: 'crlf', expect: refused } }],
    },
  ],
};

beforeAll(async () => {
  writeFileSync(join(dir, 'pin'), '1234-test', { mode: 0o600 });
  writeFileSync(join(dir, 'password'), password, { mode: 0o600 });
  writeFileSync(join(dir, 'gateway.json'), JSON.stringify(gateway));
  expect(await run('init', '--slot', `1=${port}`, '--pin-file', join(dir, 'pin'))).toMatchObject({ code: 0 });
  expect(await run('profiles', 'add', join(dir, 'gateway.json'))).toMatchObject({ code: 0 });
}, 60_000);
afterEach(async () => {
  rmSync(port, { force: true });
  for (const dispose of disposables.splice(0)) await dispose();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Unit {
  readonly path: string;
  /** The key that it was given, as PEM. */
  readonly key: () => string;
}

/** Units of every driver that is given a key: each says what it was given, in the middle of the install, and refuses it or falls silent. */
const units: Record<string, () => Promise<Unit>> = {
  gateway: async () => {
    let taken = '';
    const peer = await linePeer((line) => {
      if (line.startsWith('LOGIN')) return `ready for ${line}\r\nOK\r\n`;
      if (line === 'ID') return 'id=GW1\r\n';
      taken = line.replace('PUT ', '');
      return `I was given ${taken}\r\nERROR in ${line} after ${password}\r\n`;
    });
    disposables.push(() => peer.dispose());
    return { path: peer.path, key: () => pemBytes('PRIVATE KEY', Buffer.from(taken, 'base64')).toString('latin1') };
  },
  'mcumgr-files': async () => {
    let [taken, isKey] = [Buffer.alloc(0), false];
    const target = await new McumgrTarget({
      onRequest: ({ group, command, write, body }, self) => {
        const off = Number(body.get('off'));
        if (group !== 8 || command !== 0 || !write) return undefined;
        // The name comes with the first piece, and what is emptied afterwards is no key.
        if (off === 0) isKey = String(body.get('name')).includes('key') && Number(body.get('len')) > 10;
        if (!isKey) return undefined;
        taken = Buffer.concat([taken.subarray(0, off), Buffer.from(body.get('data') as Uint8Array)]);
        self.say(`\r\nwriting ${taken.toString('latin1').replaceAll('\n', '\r\n')}\r\n${taken.toString('base64')}\r\n`);
        return taken.includes('-----END') ? 'lost' : undefined;
      },
    }).start();
    disposables.push(() => target.dispose());
    return { path: target.path, key: () => taken.toString('latin1').replace('\0', '') };
  },
  'esp32-secure-cert': async () => {
    const pem = (chip: EspChip): string =>
      /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/u.exec(chip.flash.toString('latin1'))?.[0] ?? '';
    let taken = '';
    const chip = await new EspChip({
      onCommand: (op, _, self) => {
        if (op !== 0x13 || pem(self) === '') return false;
        taken = pem(self);
        self.say(`\r\nflash has ${taken.replaceAll('\n', '\r\n')}\r\n`);
        return true;
      },
    }).plug();
    disposables.push(() => chip.dispose());
    return { path: chip.path, key: () => taken };
  },
  micropython: async () => {
    const board = await MicroPythonBoard.start();
    disposables.push(() => board.dispose());
    board.python.runPython(`
given = b''
class Bad:
 def __init__(self, name): self.name = name
 def write(self, b):
  global given
  if 'key' in self.name:
   given += bytes(b)
   if b'-----END' in given: raise OSError(str(given))
  return len(b)
 def close(self): pass
def open(p, m='rb'):
 if m == 'rb': raise OSError(2)
 return Bad(p)
`);
    const given = (): string => {
      board.python.runPython('import js_given\njs_given.take(given.decode())');
      return taken;
    };
    let taken = '';
    board.python.registerJsModule('js_given', { take: (text: string) => void (taken = text) });
    return { path: board.path, key: given };
  },
};

/** The key’s own number, and the pieces of its PEM that hold it: octets 36 to 67 of a PKCS#8 key for P-256. */
const secretsOf = (pem: string): Buffer[] => [
  Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d ?? '', 'base64url'),
  ...(pem.replace(/-----[A-Z ]+-----|\s/gu, '').match(/.{16}/gu) ?? []).slice(3, 5).map((piece) => Buffer.from(piece)),
];

test.each(Object.keys(units))(
  '%s: a unit that says its key and fails leaves it nowhere, in no file of the station and in nothing that it said',
  async (profile) => {
    const unit = await units[profile]?.();
    symlinkSync(unit?.path ?? '', port);
    const words = ['--tenant', 'acme', '--device-profile', profile, '--count', '1', '--pin-file', join(dir, 'pin'), '--timeout', '90'];
    const ended = await run('provision', '--order', `WO-${profile}`, '--json', ...words);
    const [failed] = (jsonOf(ended) as { units: { code: string }[] }).units;
    expect(failed).toMatchObject({ verdict: 'FAIL', certificate: { status: 'REVOKED' } });
    const places = filesOf(data);
    places.set('what the command said', Buffer.from(ended.stdout + ended.stderr));
    for (const secret of [...secretsOf(unit?.key() ?? ''), Buffer.from(password)]) {
      expect(whereIs(secret, places), `${failed?.code ?? ''}: ${secret.toString('latin1')}`).toEqual([]);
    }
    // The search itself finds what is there.
    expect(whereIs(Buffer.from(failed?.code ?? 'no code'), places)).toEqual(
      expect.arrayContaining(['station.db', 'what the command said']),
    );
  },
  120_000,
);
