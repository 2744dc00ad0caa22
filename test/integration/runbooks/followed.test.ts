import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { tryOutPin } from '../../../src-main/contract/signer.ts';
import { birthmark } from '../../support/birthmark.ts';
import { newEcCsr } from '../../support/csr.ts';
import { commandsIn } from '../../support/printed-commands.ts';
import { TestStation } from '../../support/station.ts';
import { softhsmPath } from '../../support/token.ts';

/** Every command that a runbook prints in a block is run as it stands there, in its order, on a station with SoftHSM and Mosquitto. */
const dir = mkdtempSync(join(tmpdir(), 'birthmark-runbooks-'));
let station: TestStation;
/** What a person writes for the words in capital letters. */
const given = new Map<string, string>();
/** A software token needs its settings beside its module. */
let settings: readonly string[] = [];

beforeAll(async () => {
  station = await TestStation.tryOut(2);
  const [first, second] = [await station.run(1), await station.run(2)];
  expect([first.state, second.state]).toEqual(['PASS', 'PASS']);
  const device = unwrap(first.device, 'it passed');
  const [certificate] = (await station.call('certificates.list', { search: device })).rows;
  const [order] = await station.call('orders.list', {});
  const { token } = await station.call('station.status', {});
  await station.stop();
  writeFileSync(join(dir, 'pin'), tryOutPin);
  writeFileSync(join(dir, 'new.csr'), newEcCsr());
  settings = ['--module-env', `SOFTHSM2_CONF=${join(station.dataDir, 'token', 'softhsm2.conf')}`];
  for (const [word, value] of [
    ['DIR', station.dataDir],
    ['PIN', join(dir, 'pin')],
    ['DEVICE', device],
    ['SERIAL', unwrap(certificate, 'it has one').serial],
    ['ORDER', unwrap(order, 'the units are of one').order.id],
    ['MODULE', softhsmPath()],
    ['LABEL', unwrap(token.view, 'the token is known').label],
    ['TOKEN', unwrap(token.view, 'the token is known').serial],
    ['FROM', '2000-01-01T00:00Z'],
    ['TO', new Date().toISOString()],
    ['new.csr', join(dir, 'new.csr')],
    ['new.pem', join(dir, 'new.pem')],
    ['list.pem', join(dir, 'list.pem')],
  ] as const)
    given.set(word, value);
});
afterAll(async () => {
  await station.dispose();
  rmSync(dir, { recursive: true, force: true });
});

/** The newest list of the issuer of devices. */
function newestList(): string {
  const lists = readdirSync(join(station.dataDir, 'crl')).flatMap((name) => {
    const number = /^device-[0-9a-f]+-(\d+)\.crl$/u.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  const [newest] = lists.sort((a, b) => b.number - a.number);
  return join(station.dataDir, 'crl', unwrap(newest, 'there is one').name);
}

// The last one revokes whatever is left.
test.each(['rotation', 'revocation-list', 'station-moved', 'token', 'compromised-station', 'ca-recovery', 'emergency-revocation'])(
  '%s: each command does what the runbook says that it does',
  async (name) => {
    const commands = commandsIn(readFileSync(resolve('docs/runbooks', `${name}.md`), 'utf8'));
    expect(commands.length).toBeGreaterThan(1);
    for (const { line, words } of commands) {
      given.set('NEWEST', newestList());
      const typed = unwrap(words, 'it is a command line').map((word) => given.get(word) ?? word);
      const ended = await birthmark([...typed, ...(typed[1] === 'rebind' ? settings : [])]);
      expect(ended.code, `${line}\n${ended.stdout}${ended.stderr}`).toBe(0);
    }
  },
);

test('each runbook but that of the restore, which has its drill, is followed above', () => {
  const own = readFileSync(import.meta.filename, 'utf8');
  const names = readdirSync('docs/runbooks').map((file) => file.replace(/\.md$/u, ''));
  expect(names.filter((name) => name !== 'database-restore' && !own.includes(`'${name}'`))).toEqual([]);
});
