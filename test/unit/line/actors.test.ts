import { afterEach, expect, test } from 'vitest';
import { endGracePeriods } from '../../../src-main/station/lifecycle/index.ts';
import { endOverdueProofs, recoverRuns } from '../../../src-main/station/line/index.ts';
import { TestLine } from '../../support/line.ts';
import { TestRegistry } from '../../support/registry.ts';
import { sampleFailure } from '../../support/sample-failure.ts';

const opened: { dispose(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.dispose();
});

const lines = ({ registry }: TestRegistry): { actor: string; action: string }[] =>
  registry.store.db.prepare(`SELECT actor, action FROM audit WHERE actor <> 'test' ORDER BY seq`).all() as {
    actor: string;
    action: string;
  }[];
const made = (): TestRegistry => {
  const here = new TestRegistry();
  opened.push(here);
  return here;
};

test('what the line does by itself is done on the word of whoever chose the order; a retry on that of whoever asked', async () => {
  let away = true;
  const line = new TestLine((what) => {
    if (what === 'publish' && away) throw sampleFailure('BROKER_AWAY');
  });
  opened.push(line.here);
  await line.run();
  expect(new Set(lines(line.here).map(({ actor }) => actor))).toEqual(new Set(['Tess']));
  const before = lines(line.here).length;
  away = false;
  line.line.retry(1, 'Olga');
  await line.ended();
  expect(lines(line.here).slice(before)).toContainEqual({ actor: 'Olga', action: 'run.pass' });
});

test('what the clock ends has the name of whoever began it', () => {
  const here = made();
  const { registry, clock } = here;
  const [overdue, old] = [here.run(), here.run()];
  registry.runs.end(overdue.run, 'NOT_VERIFIED', { deadline: registry.now() });
  registry.certificates.activate(old.serial, 'Tess');
  const names = { issuer: 'device-1', partition: 0, use: 'device', device: old.device, run: null, order: 'ORDER-1' } as const;
  const times = { notBefore: '2026-06-01T00:00:00.000Z', notAfter: '2026-06-02T00:00:00.000Z' };
  registry.certificates.reserve({ ...names, ...times, serial: 'AB'.repeat(20), spkiSha256: '', replaces: old.serial }, 'Olga');
  registry.certificates.rotate(old.serial, { graceUntil: registry.now(), endWhenSeen: false }, 'Olga');
  const before = lines(here).length;
  clock.pass(3 * 86_400_000);
  expect([endOverdueProofs(registry), endGracePeriods(registry)]).toEqual([1, 1]);
  expect(lines(here).slice(before)).toEqual([
    { actor: 'Tess', action: 'certificate.revoke' },
    { actor: 'Tess', action: 'run.fail' },
    { actor: 'Olga', action: 'certificate.revoke' },
  ]);
});

test('a run that a stopped station left behind ends on the word that it began with', () => {
  const here = made();
  here.run();
  const before = lines(here).length;
  recoverRuns(here.registry, here.clock, 72);
  expect(lines(here).slice(before)).toEqual([
    { actor: 'Tess', action: 'certificate.revoke' },
    { actor: 'Tess', action: 'run.fail' },
  ]);
});
