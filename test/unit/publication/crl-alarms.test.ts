import { afterEach, beforeEach, expect, test } from 'vitest';
import { crlAlarms, type CrlBuilder } from '../../../src-main/station/publication/index.ts';
import { TestCrls } from '../../support/crl-scope.ts';

const hour = 3_600_000;
let here: TestCrls;
let crls: CrlBuilder;
let signedAt: number;
beforeEach(async () => {
  here = new TestCrls();
  here.lifetimeMs = 168 * hour;
  crls = here.builder();
  await crls.build();
  signedAt = here.clock.now();
});
afterEach(() => here.dispose());

const told = (afterHours: number, session: boolean): string[] =>
  crlAlarms({ now: signedAt + afterHours * hour, builders: [crls], before: () => null, session }).map(
    ({ level, failure }) => `${level} ${failure.code}`,
  );

test('with a session, two missed renewals are a warning', () => {
  expect([told(1.5, true), told(2.5, true)]).toEqual([[], ['warning CRL_AGEING']]);
});

test('without a session nothing renews a list: a night is no news, half of its life is a warning, the last quarter an alarm', () => {
  expect([12, 83, 85, 125, 127, 169].map((hours) => told(hours, false))).toEqual([
    [],
    [],
    ['warning CRL_AGEING'],
    ['warning CRL_AGEING'],
    ['alarm CRL_RUNS_OUT'],
    ['alarm CRL_EXPIRED'],
  ]);
});
