import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { answersPin, base64, ceremonyFile, pin, requestOf } from '../../support/ceremony.ts';
import { CustomerCa } from '../../support/customer-ca.ts';
import { TestStation } from '../../support/station.ts';
import { makeSoftHsmToken } from '../../support/token-made.ts';
import { makeTokenFolder, softhsmPath } from '../../support/token.ts';

const ca = new CustomerCa();
const folder = makeTokenFolder();
afterAll(() => {
  ca.remove();
  folder.remove();
});

/** CKA_IDs of the private keys on the token, as another program finds them. */
function keysOnToken(label: string): string[] {
  const args = ['--module', softhsmPath(), '--token-label', label, '--login', '--pin', pin, '--list-objects', '--type', 'privkey'];
  const text = execFileSync('pkcs11-tool', args, {
    env: { ...process.env, ...folder.module.env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return [...text.matchAll(/ID:\s+([0-9a-f]+)/gu)].map((match) => match[1] ?? '').sort();
}

/** before: what the step made is not written down yet. after: it was just written, and for `record` not committed. */
const crashPoints = [
  'token before',
  'key:root before',
  'certificate:root before',
  'key:issuing after',
  'request:issuing before',
  'certificate:server before',
  'leaf:good-canary before',
  'record before',
  'record after',
  'crl before',
  'transcript before',
];

test('kill -9 at every kind of step: the ceremony goes on, no key is doubled and no serial number lost', async () => {
  const conf = folder.module.env?.['SOFTHSM2_CONF'] ?? '';
  makeSoftHsmToken(conf, 'Crash', pin);
  ca.root('root');
  const dataDir = TestStation.folder();
  const file = join(dataDir, 'crash-at');
  process.env['BIRTHMARK_TEST_CEREMONY_CRASH'] = file;
  const station = new TestStation({ dataDir, line: 'off', entry: resolve('test/support/crashing-ceremony.ts') });
  const text = ceremonyFile({
    module: folder.module,
    token: { label: 'Crash' },
    authorities: [
      { role: 'root', commonName: 'Crash root' },
      { role: 'issuing', commonName: 'Crash device CA', signedBy: 'customer' },
      { role: 'server', commonName: 'Crash server CA' },
    ],
    station: { name: 'Crash', officers: ['Olga'] },
  });
  try {
    answersPin(station);
    await station.call('ceremony.start', { text });
    let imported = false;
    const crashed: string[] = [];
    for (;;) {
      const view = await station.call('ceremony.current', {});
      if (view === null) break;
      if (view.waits === 'certificates') {
        await station.call('ceremony.import', { files: base64(ca.sign(requestOf(view, 'issuing'), 'root'), ca.read('root.pem')) });
        imported = true;
        continue;
      }
      const left = view.steps.filter(({ state }) => state !== 'done').map(({ step }) => step);
      const points = crashPoints.filter((point) => left.includes(point.split(' ')[0] ?? ''));
      const at = points.find((point) => !crashed.includes(point));
      if (at === undefined) {
        await station.call('ceremony.continue', {});
        break;
      }
      const [step = '', when = ''] = at.split(' ');
      writeFileSync(file, JSON.stringify({ step, when }));
      const up = station.waitFor('service.changed', ({ service, state }) => service === 'station' && state === 'up');
      const ended = station.call('ceremony.continue', {}).catch((thrown: unknown) => (thrown as { code?: string }).code);
      up.catch(() => undefined);
      const outcome = await ended;
      if (typeof outcome === 'object' && outcome.waits === 'certificates') continue;
      expect(outcome, at).toBe('SERVICE_CRASHED');
      expect(existsSync(file)).toBe(false);
      crashed.push(at);
      await up;
      await station.reopen();
      answersPin(station);
    }
    expect(imported).toBe(true);
    expect(crashed).toEqual(crashPoints);
    const status = await station.call('station.status', {});
    expect(status.phase).toBe('ready');
    expect(status.issuers.map(({ kind, state }) => [kind, state]).sort()).toEqual([
      ['issuing', 'active'],
      ['root', 'active'],
      ['server', 'active'],
    ]);
    await station.call('operators.signIn', { name: 'Olga', password: 'olga-password' });
    const [done] = await station.call('ceremony.list', {});
    expect(done?.state).toBe('done');
    expect(keysOnToken('Crash')).toEqual(done?.authorities.map(({ ckaId }) => ckaId).sort());
    // What may have been signed for a try that was lost is on record as revoked; what is in use is active.
    const { rows } = await station.call('certificates.list', { limit: 100 });
    const of = (use: string): string[] =>
      rows
        .filter((row) => row.use === use)
        .map((row) => row.status)
        .sort();
    expect([of('canary-good'), of('canary-revoked'), of('service'), of('server')]).toEqual([
      ['ACTIVE', 'REVOKED'],
      ['REVOKED'],
      ['ACTIVE'],
      ['ACTIVE'],
    ]);
    expect(status.broker).toMatchObject({ state: 'up', canary: { revokedRefused: true, goodAccepted: true } });
    expect(await station.problems()).toEqual([]);
  } finally {
    rmSync(file, { force: true });
    await station.dispose();
  }
});
