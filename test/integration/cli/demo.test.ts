import { expect, test } from 'vitest';
import { simulatedFaults } from '../../../src-main/station/try-out/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';

interface Demo {
  readonly verdict: string;
  readonly units: { device: string | null; verdict: string; code?: string; faulty: boolean; certificate?: { status: string } }[];
  readonly revocation: { device: string; state: string; reconnect: string; liveSessionGoneMs: number | null } | null;
  readonly problems: string[];
}

test('the demo passes its units, revokes one and proves it refused', async () => {
  const result = await birthmark(['demo', '--units', '3', '--parallel', '2', '--json']);
  const demo = jsonOf(result) as unknown as Demo;
  expect(demo).toMatchObject({ verdict: 'PASS', problems: [], revocation: { state: 'EFFECTIVE', reconnect: 'refused' } });
  expect(demo.units.map((unit) => unit.verdict)).toEqual(['PASS', 'PASS', 'PASS']);
  expect(demo.units.map((unit) => unit.certificate?.status).sort()).toEqual(['ACTIVE', 'ACTIVE', 'REVOKED']);
  expect(result.code).toBe(0);
});

test.each(simulatedFaults.map(({ name, expected }) => [name, expected] as const))(
  'demo --fault %s ends as the list says',
  async (name, expected) => {
    const result = await birthmark(['demo', '--units', '2', '--parallel', '2', '--fault', name, '--json']);
    const demo = jsonOf(result) as unknown as Demo;
    expect(demo.problems, result.stderr).toEqual([]);
    expect([result.code, demo.verdict]).toEqual([0, 'PASS']);
    const hit = demo.units.filter((unit) => unit.faulty || name === 'broker-away');
    expect(hit.length).toBe(name === 'broker-away' ? 2 : 1);
    for (const unit of hit) {
      expect(unit).toMatchObject(expected === 'survive' ? { verdict: 'PASS' } : expected);
      // The demo revokes the last that passed.
      const revoked = unit.device !== null && unit.device === demo.revocation?.device;
      expect(unit.certificate?.status === 'ACTIVE').toBe(unit.verdict === 'PASS' && !revoked);
    }
  },
);

test('the list of faults is the one that is tested', async () => {
  const { faults } = jsonOf(await birthmark(['demo', '--fault', 'list', '--json'])) as { faults: { name: string }[] };
  expect(faults.map(({ name }) => name)).toEqual(simulatedFaults.map(({ name }) => name));
});
