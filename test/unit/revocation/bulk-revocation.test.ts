import { afterEach, beforeEach, expect, test } from 'vitest';
import { revokeMany, selectMany } from '../../../src-main/station/revocation/index.ts';
import { order, TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const terms = (digest: string) => ({ reason: 'superseded' as const, note: 'recall', actor: 'Olga', digest });

test('a work order is what stands in it: revoked and expired ones are counted, not hit', async () => {
  const { registry, clock } = here;
  const runs = Array.from({ length: 450 }, () => here.run());
  registry.certificates.revoke(runs[0]?.serial ?? '', 'keyCompromise', '', 'Olga');
  const soon = here.run({ notAfter: new Date(clock.now() + 1000).toISOString() });
  clock.pass(2000);
  const shown = selectMany(registry, { order: order.id });
  expect(shown.byStatus).toEqual({ SIGNED: 449, REVOKED: 1, EXPIRED: 1 });
  expect(shown.hits).toHaveLength(449);
  const revoked = await revokeMany(registry, { order: order.id }, terms(shown.digest));
  expect(revoked).toHaveLength(449);
  expect(here.status(soon.serial)).toBe('EXPIRED');
  expect(registry.revocations.get(runs[0]?.serial ?? '')?.reason).toBe('keyCompromise');
  expect(registry.revocations.get(runs[1]?.serial ?? '')).toMatchObject({ reason: 'superseded', note: 'recall', operator: 'Olga' });
  expect(selectMany(registry, { order: order.id }).hits).toEqual([]);
  expect(registry.store.auditProblems().problems).toEqual([]);
});

test('what was not shown is not revoked', async () => {
  const { registry } = here;
  here.run();
  const { digest } = selectMany(registry, { order: order.id });
  const late = here.run();
  await expect(revokeMany(registry, { order: order.id }, terms(digest))).rejects.toMatchObject({
    code: 'SELECTION_CHANGED',
    params: { count: 2 },
  });
  expect(here.status(late.serial)).toBe('SIGNED');
});

test('a time span takes its start and not its end, in UTC whatever the zone of the computer', () => {
  const { registry, clock } = here;
  const at = (): string => new Date(clock.now()).toISOString();
  const first = at();
  const a = here.run();
  clock.pass(3_600_000);
  const second = at();
  const b = here.run();
  const serials = (from: string, to: string): string[] => selectMany(registry, { issued: { from, to } }).hits.map(({ row }) => row.serial);
  expect(serials(first, second)).toEqual([a.serial]);
  clock.pass(1);
  expect(serials(second, at())).toEqual([b.serial]);
  expect(() => serials('2020-01-01T00:00:00.000Z', first)).toThrow(expect.objectContaining({ code: 'NOTHING_SELECTED' }) as Error);
});

test('a list gives reasons of its own, and is all or nothing', async () => {
  const { registry } = here;
  const [a, b] = [here.run(), here.run()];
  const csv = `device,serial,reason\n${a.device},,\n,${b.serial},keyCompromise\n`;
  const { digest } = selectMany(registry, { csv });
  expect(() => selectMany(registry, { csv: `${csv},${'0A'.repeat(20)},\n` })).toThrow(
    expect.objectContaining({
      code: 'LIST_INVALID',
      params: { problems: expect.stringMatching(/^line 4: this station issued no/u) as string },
    }) as Error,
  );
  expect(() => selectMany(registry, { csv: `${csv}${b.device},,\n` })).toThrow(expect.objectContaining({ code: 'LIST_INVALID' }) as Error);
  // The same certificates for other reasons are another selection.
  expect(selectMany(registry, { csv: csv.replace('keyCompromise', 'cACompromise') }).digest).not.toBe(digest);
  await revokeMany(registry, { csv }, terms(digest));
  expect(registry.revocations.get(a.serial)?.reason).toBe('superseded');
  expect(registry.revocations.get(b.serial)?.reason).toBe('keyCompromise');
});
