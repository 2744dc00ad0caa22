import { afterAll, describe, expect, it } from 'vitest';
import { campaign } from './campaign.ts';
import { randomFrom } from './random.ts';
import { fuzzTargets } from './targets/index.ts';

/** The bounded part of the campaigns: what was found before, and a few rounds from a seed that is the same each time. More by hand: `npm run fuzz`. */
describe.each(fuzzTargets.map((target) => [target.name, target] as const))('whatever comes as %s', (_, target) => {
  afterAll(async () => {
    await target.close?.();
  });

  it('is read, or refused by name', async () => {
    const rounds = target.rounds ?? 500;
    const { findings, outcomes } = await campaign(target, randomFrom(1), (executions) => executions < rounds);
    expect(findings.map(({ input, error }) => ({ error, input: Buffer.from(input).toString('hex').slice(0, 4000) }))).toEqual([]);
    // A target that ends in one way only tests nothing.
    expect(outcomes.size).toBeGreaterThan(2);
  });
});
