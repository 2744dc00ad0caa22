import { createPrivateKey } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { profile, TestLine, type Hook } from '../../support/line.ts';
import { sampleFailure } from '../../support/sample-failure.ts';

const lines: TestLine[] = [];
const lineWith = (hook?: Hook, more: object = {}): TestLine => {
  const made = new TestLine(hook, { ...profile, ...more });
  lines.push(made);
  return made;
};
afterEach(() => {
  for (const made of lines.splice(0)) made.here.dispose();
});
const audit = (line: TestLine): string[] =>
  line.here.registry.store.db.prepare('SELECT action || detail AS line FROM audit').pluck().all().map(String);

test('a unit without self test and lock passes with what it could show, and the verdict names what is missing', async () => {
  const line = lineWith();
  line.can = { ...line.can, selfTest: false, lock: false };
  expect(await line.run()).toMatchObject({ state: 'PASS', proofLevel: 'possession', gaps: ['own-connection', 'lock'] });
  expect(line.asked).not.toContain('self-test');
  expect(line.asked).not.toContain('lock');
  const [passed] = audit(line).filter((one) => one.startsWith('run.pass'));
  expect(passed).toContain('"proofLevel":"possession","without":["own-connection","lock"]');
  expect(line.here.registry.runs.get(line.view.run ?? '')).toMatchObject({ proofLevel: 'possession', gaps: ['own-connection', 'lock'] });
});

test('a unit that turns out to have no digests passes by what else it showed, and the verdict names them', async () => {
  const line = lineWith();
  line.untold = ['trust-anchors', 'certificate'];
  const gaps = ['certificate-read-back', 'trust-anchors-read-back'];
  expect(await line.run()).toMatchObject({ state: 'PASS', proofLevel: 'device-connected', gaps });
  expect(line.here.registry.runs.get(line.view.run ?? '')).toMatchObject({ gaps });
  expect(audit(line).filter((one) => one.startsWith('run.pass'))[0]).toContain(JSON.stringify({ without: gaps }).slice(1, -1));
});

test('where nothing else shows that it has its certificate, it does not pass', async () => {
  const line = lineWith();
  line.can = { ...line.can, possession: false, selfTest: false };
  line.untold = ['certificate'];
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'UNVERIFIABLE' }, certificateRevoked: true });
});

test('a profile that needs its own connection is refused on a unit that has none, before a key is made', async () => {
  const line = lineWith(undefined, { proof: 'device-connected' });
  line.can = { ...line.can, selfTest: false };
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'PROOF_IMPOSSIBLE' }, certificateRevoked: false });
  expect(line.asked).not.toContain('key');
});

test('a unit whose security state forbids it is told by name, before a key is made', async () => {
  const line = lineWith();
  line.obstacle = new Failure('LOCKED');
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'LOCKED' }, unit: { hardwareId: 'HW-1' } });
  expect(line.asked).not.toContain('key');
});

test('a key by the station: made, audited, connected with, handed over once, and gone', async () => {
  const seen: Buffer[] = [];
  const line = lineWith(
    (what) => {
      if (what === 'install') seen.push(Buffer.from(line.credentials?.privateKey ?? []));
    },
    { key: 'station' },
  );
  line.can = { keyOnDevice: false, unread: [], possession: false, selfTest: false, lock: false };
  expect(await line.run()).toMatchObject({
    state: 'PASS',
    proofLevel: 'station-connected',
    gaps: ['possession', 'own-connection', 'lock'],
  });
  const kept = ['publish', 'connect as', 'install', 'read-back', 'activate'];
  expect(line.asked.filter((what) => kept.includes(what))).toEqual([...kept, 'publish']);
  expect(seen).toHaveLength(1);
  expect(createPrivateKey({ key: seen[0] ?? Buffer.alloc(0), format: 'der', type: 'pkcs8' }).asymmetricKeyDetails).toEqual({
    namedCurve: 'prime256v1',
  });
  // The buffer that the driver got is zero now.
  expect(Buffer.from(line.credentials?.privateKey ?? []).every((byte) => byte === 0)).toBe(true);
  expect(audit(line).filter((one) => one.startsWith('key.made-by-station'))).toHaveLength(1);
});

test.each(['connect as', 'install'])('a key by the station is gone as well when “%s” fails', async (step) => {
  const line = lineWith(
    (what) => {
      if (what === step) throw sampleFailure('BROKER_AWAY');
    },
    { key: 'station' },
  );
  line.can = { ...line.can, keyOnDevice: false };
  const end = await line.run();
  // Without the key nothing can be proven later: it is a failure, not a proof that is outstanding.
  expect(end).toMatchObject({ state: 'FAIL', failure: { code: 'BROKER_AWAY' }, certificateRevoked: true });
  expect(line.asked.includes('erase')).toBe(step === 'install');
  const given = line.credentials?.privateKey;
  expect(given === undefined).toBe(step === 'connect as');
  expect([...(given ?? [])].filter((byte) => byte !== 0)).toEqual([]);
});

test('a unit that waits for its proof is read back against what was installed then', async () => {
  let away = true;
  const line = lineWith((what) => {
    if (what === 'publish' && away) throw sampleFailure('BROKER_AWAY');
  });
  expect(await line.run()).toMatchObject({ state: 'NOT_VERIFIED' });
  away = false;
  expect(await line.line.proveOutstanding('Tess')).toMatchObject([{ verdict: 'PASS' }]);
  expect(line.view).toMatchObject({ state: 'PASS', proofLevel: 'device-connected', gaps: [] });
});
