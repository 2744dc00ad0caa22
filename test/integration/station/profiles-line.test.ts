import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SlotView } from '../../../src-main/contract/index.ts';
import { QuectelModem, SimcomModem, UbloxModem } from '../../support/console/cellular.ts';
import { ExpressLink } from '../../support/console/expresslink.ts';
import { NordicModem } from '../../support/console/nordic.ts';
import { PtyProgram } from '../../support/console/pty-program.ts';
import { NordicShell, ZephyrCredentials } from '../../support/console/zephyr-shell.ts';
import { McumgrTarget } from '../../support/mcumgr/target.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
let slotPath = '';
beforeAll(async () => {
  station = await TestStation.tryOut(1);
  slotPath = (await station.call('line.slots', {}))[0]?.path ?? '';
  mkdirSync(dirname(slotPath), { recursive: true });
});
afterAll(() => station.dispose());
/** Something on a pseudo terminal. */
interface SimulatedUnit {
  readonly path: string;
  start(): Promise<unknown>;
  dispose(): Promise<void>;
}
const units: SimulatedUnit[] = [];
afterEach(async () => {
  rmSync(slotPath, { force: true });
  for (const unit of units.splice(0)) await unit.dispose();
  await station.slotIs(1, 'EMPTY');
});

let orders = 0;
async function run(profile: string, unit: SimulatedUnit): Promise<SlotView> {
  orders += 1;
  const id = `WO-${String(orders)}`;
  const order = {
    id,
    tenant: 'acme',
    product: profile,
    deviceProfile: profile,
    certificateProfile: 'device',
    quantity: 1,
    idPrefix: `${id}-`,
  };
  await station.call('orders.create', order);
  await station.call('orders.choose', { id });
  units.push(unit);
  await unit.start();
  const ended = station.waitFor('slot.changed', ({ run: made, state }) => made !== null && state !== 'RUNNING' && state !== 'READY');
  symlinkSync(unit.path, slotPath);
  return ended;
}

describe('a unit on the line', () => {
  test.each<[string, SimulatedUnit, string, string[]]>([
    ['nrf91-at', new NordicModem({ imei: '350000000000001' }), 'written', ['possession', 'own-connection', 'lock']],
    ['nrf91-at-shell', new NordicShell({ imei: '350000000000002' }), 'written', ['possession', 'own-connection', 'lock']],
    [
      'zephyr-cred',
      new ZephyrCredentials({ hardwareId: '0000000000000003' }),
      'station-connected',
      ['possession', 'own-connection', 'lock'],
    ],
    [
      'zephyr-cred-load',
      new ZephyrCredentials({ hardwareId: '000000000000000b' }),
      'station-connected',
      ['possession', 'own-connection', 'lock'],
    ],
    [
      'zephyr-cred',
      new ZephyrCredentials({ hardwareId: '000000000000000c', undigested: true }),
      'station-connected',
      ['key-read-back', 'certificate-read-back', 'trust-anchors-read-back', 'possession', 'own-connection', 'lock'],
    ],
    [
      'quectel-qfupl',
      new QuectelModem({ imei: '350000000000004' }),
      'station-connected',
      ['key-read-back', 'possession', 'own-connection', 'lock'],
    ],
    [
      'simcom-ccertdown',
      new SimcomModem({ imei: '350000000000005' }),
      'station-connected',
      ['read-back', 'possession', 'own-connection', 'lock'],
    ],
    ['ublox-usecmng', new UbloxModem({ imei: '350000000000006' }), 'station-connected', ['possession', 'own-connection', 'lock']],
    ['mcumgr-files', new McumgrTarget({ hardwareId: '0000000000000009' }), 'station-connected', ['possession', 'own-connection', 'lock']],
    [
      'mcumgr-files',
      new McumgrTarget({ hardwareId: '000000000000000a', hashes: [], unreadable: ['/lfs/key.pem'] }),
      'station-connected',
      ['key-read-back', 'possession', 'own-connection', 'lock'],
    ],
  ])('with %s passes, and the verdict names what it does without', async (profile, unit, proofLevel, gaps) => {
    const ended = await run(profile, unit);
    expect(ended).toMatchObject({ state: 'PASS', proofLevel, gaps, failure: null });
    const { lines, verdict } = await station.call('transcripts.get', { run: ended.run });
    expect(verdict).toBe('PASS');
    expect(lines.some(({ text }) => /^end write:|^file-upload /u.test(text))).toBe(true);
    expect(lines.some(({ text }) => text.includes('PRIVATE KEY'))).toBe(false);
    expect(await station.problems()).toEqual([]);
  });

  /** A Linux console whose files are in a folder of their own; `clients`: it has those of Mosquitto. */
  async function runLinux(name: string, program: readonly string[], { clients }: { clients: boolean }): Promise<SlotView> {
    const unit = new PtyProgram(...program);
    const [serial, password] = [join(unit.dir, 'serial'), join(unit.dir, 'password')];
    writeFileSync(serial, `SN-${name}\n`);
    writeFileSync(password, 'fac tory$1\n', { mode: 0o600 });
    const shipped = JSON.parse(readFileSync('resources/profiles/devices/linux-console.json', 'utf8')) as { variables: object };
    const variables = { ...shipped.variables, folder: join(unit.dir, 'etc'), idFiles: serial, password: { file: password, secret: true } };
    const text = JSON.stringify({ ...shipped, $schema: undefined, name, variables });
    // Without: no program is found under that name.
    await station.call('deviceProfiles.add', { text: clients ? text : text.replaceAll('mosquitto_rr', 'mosquitto_none') });
    const ended = await run(name, unit);
    expect(readdirSync(join(unit.dir, 'etc')).sort()).toEqual(['broker.conf', 'ca.crt', 'device.crt', 'device.key']);
    return ended;
  }

  test('a Linux console, behind a login, makes its key, connects with its own mosquitto clients and is refused on a neighbour’s topic', async () => {
    process.env['BIRTHMARK_TEST_SHELL'] = '/bin/bash';
    const login = ['--login-program', resolve('test/support/console/login.sh')];
    const ended = await runLinux('linux-login', ['agetty', '--local-line', '--noissue', ...login, '-', 'vt100'], { clients: true });
    expect(ended).toMatchObject({ state: 'PASS', proofLevel: 'device-connected', gaps: ['lock'] });
    const said = (await station.call('transcripts.get', { run: ended.run })).lines.map(({ text }) => text).join('\n');
    expect(said).toContain('login: ');
    expect(said).not.toContain('fac tory');
    expect(await station.problems()).toEqual([]);
  });

  test('a Linux console without such clients: that is a gap', async () => {
    const ended = await runLinux('linux-without', ['bash', '--norc', '--noprofile', '-i'], { clients: false });
    expect(ended).toMatchObject({ state: 'PASS', proofLevel: 'possession', gaps: ['own-connection', 'lock'] });
  });

  test('one wrong byte in its memory is FAIL, the certificate is revoked, and it is erased', async () => {
    const unit = new NordicModem({ imei: '350000000000007' });
    unit.faults.corruptStored = 0;
    const ended = await run('nrf91-at', unit);
    expect(ended).toMatchObject({ state: 'FAIL', failure: { code: 'VERIFY_MISMATCH' }, certificateRevoked: true });
    expect(unit.credentials.size).toBe(0);
    expect(await station.problems()).toEqual([]);
  });

  test('an ExpressLink module keeps its maker’s identity: the run ends by name, and nothing was signed', async () => {
    const ended = await run('expresslink', new ExpressLink({ hardwareId: 'thing-8' }));
    expect(['HAS_IDENTITY', 'FAIL']).toContain(ended.state);
    expect(await station.problems()).toEqual([]);
  });
});
