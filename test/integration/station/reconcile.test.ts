import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
let device: string;

beforeAll(async () => {
  station = await TestStation.tryOut(1);
  device = (await station.run(1)).device ?? '';
});
afterAll(() => station.dispose());

const differences = async (): Promise<Record<string, string[]>> => {
  const { findings } = await station.call('broker.reconcile', {});
  return Object.fromEntries(findings.filter((one) => one.differences > 0).map(({ name, examples }) => [name, examples]));
};
const path = (name: string): string => join(station.dataDir, 'broker', 'current', name);

test('registry, files and broker agree, also after a revocation', async () => {
  expect(await differences()).toEqual({});
  expect(await station.call('broker.reconcile', {})).toMatchObject({ verdict: 'PASS' });
});

test('an access list that somebody changed: who is missing in it, and who does not belong there', async () => {
  const before = readFileSync(path('access-list'), 'utf8');
  writeFileSync(path('access-list'), before.replace(`user ${device}\n`, 'user acme/ghost\n'));
  expect(await differences()).toEqual({
    'admitted here, not in the access list': [device],
    'in the access list, not admitted here': ['acme/ghost'],
  });
  writeFileSync(path('access-list'), before);
});

test('a list of before the revocation: what it does not refuse is named', async () => {
  const old = readFileSync(path('crl.pem'), 'utf8');
  await station.call('revocations.revoke', { selector: { device }, reason: 'superseded' });
  await expect.poll(async () => (await station.call('revocations.list', {})).rows[0]?.state).toBe('EFFECTIVE');
  expect(await differences()).toEqual({});
  const serial = (await station.call('revocations.list', {})).rows[0]?.serial ?? '';
  writeFileSync(path('crl.pem'), old);
  expect(await differences()).toMatchObject({
    'revocation lists': [expect.stringContaining('there') as string],
    'revoked here, not refused there': [serial],
  });
});

test('another topic rule: refused with devices in the field, then one pattern line, and units pass on their new topics', async () => {
  const rule = 'tenant/{tenant}/{device}/#';
  expect(await station.call('access.show', {})).toMatchObject({ form: 'entries', devices: 0, warnings: [] });
  const first = await station.run(1, { hardwareId: 'HW-RULE-1' });
  expect(first).toMatchObject({ state: 'PASS' });
  await expect(station.call('access.topicRule', { rule })).rejects.toMatchObject({ code: 'TOPIC_RULE_IN_USE', params: { devices: 1 } });
  expect(await station.call('access.topicRule', { rule, anyway: true })).toMatchObject({ form: 'pattern', devices: 1, reloadMs: 0 });
  await station.unplug(1);
  expect(await station.run(1, { hardwareId: 'HW-RULE-2' })).toMatchObject({ state: 'PASS', proofLevel: 'device-connected' });
  expect(readFileSync(path('access-list'), 'utf8')).toMatch(/^pattern readwrite tenant\/%u\/#$/mu);
  expect(await differences()).toEqual({});
  expect((await station.call('access.show', {})).brokerVersion).toMatch(/^\d+\.\d+/u);
  expect((await station.call('verify.checkup', {})).checks.filter(({ result }) => result === 'FAIL')).toEqual([]);
});
