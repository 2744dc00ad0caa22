import { describe, expect, it } from 'vitest';
import { calls, type CallName } from '../../../src-main/contract/calls.ts';
import { playScenario, scenarioNames } from '../../support/renderer-mock/scenarios.ts';

/** Calls that only look: what a screen asks for when it opens. */
const questions = [
  'station.status',
  'operators.list',
  'line.slots',
  'orders.list',
  'orders.current',
  'bench.units',
  'devices.list',
  'certificates.list',
  'revocations.list',
  'broker.status',
  'verify.broker',
] as const satisfies readonly CallName[];

describe('the mock station that the window is tried against', () => {
  it.each(scenarioNames)('answers as the contract says: %s', async (name) => {
    const station = playScenario(name);
    for (const question of questions) {
      const outcome = await station.call(question, {});
      const value = outcome.ok ? outcome.value : outcome.error;
      const checked = calls[question].output.safeParse(value);
      expect(checked.error?.issues ?? [], question).toEqual([]);
    }
  });
});
