import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { certificateStatuses, Failure, type CertificateStatus } from '../../../src-main/contract/index.ts';
import { certificateProblems } from '../../../src-main/station/support/doctor/records.ts';
import { endGraceNow, endGracePeriods, recoverUnfinished, rotate } from '../../../src-main/station/lifecycle/index.ts';
import { endOverdueProofs, recoverRuns } from '../../../src-main/station/line/index.ts';
import { failRun, passRun } from '../../../src-main/station/line/verdict.ts';
import type { Registry } from '../../../src-main/station/registry/index.ts';
import { TestRegistry } from '../../support/registry.ts';
import { sampleFailure } from '../../support/sample-failure.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** What people, devices, the clockwork and crashes do to certificates, in any order; times in ms. */
type Step =
  | { readonly do: 'run'; readonly unit: number; readonly end: 'pass' | 'fail' | 'crash' | 'wait'; readonly days: number }
  | {
      readonly do: 'rotate';
      readonly unit: number;
      readonly hours: number;
      readonly early: boolean;
      readonly crash: 'no' | 'reserved' | 'signed';
    }
  | { readonly do: 'seen' | 'end' | 'revoke'; readonly unit: number }
  | { readonly do: 'clock'; readonly ms: number }
  | { readonly do: 'upkeep' | 'restart' };

const unit = fc.integer({ min: 0, max: 2 });
const jump = fc.oneof(
  fc.integer({ min: 0, max: 48 }).map((hours) => hours * hour),
  fc.integer({ min: -30, max: 30 }).map((days) => days * day),
  fc.integer({ min: -400, max: 400 }).map((days) => days * day),
  fc.constantFrom(-1, 1, 59 * 60_000, -hour, 10 * 365 * day, -10 * 365 * day),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      unit,
      end: fc.constantFrom('pass', 'pass', 'fail', 'crash', 'wait'),
      days: fc.integer({ min: 1, max: 365 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('rotate' as const),
      unit,
      hours: fc.integer({ min: 1, max: 720 }),
      early: fc.boolean(),
      crash: fc.constantFrom('no', 'no', 'reserved', 'signed'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('seen' as const, 'end' as const, 'revoke' as const), unit }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('clock' as const), ms: jump }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('upkeep' as const, 'restart' as const) }) },
);

interface Known {
  readonly status: CertificateStatus;
  readonly graceUntil: string | null;
  readonly notAfter: string;
}

/** A registry under test with what it said before: each check compares the two. */
class Life {
  readonly here = new TestRegistry();
  readonly #units = new Map<number, string>();
  #before = new Map<string, Known>();
  readonly #notices = new Map<string, number[]>();
  readonly #revocations = new Map<string, string>();
  /** The highest time that the clockwork has seen: what was marked by it stays marked when the clock is set back. */

  constructor() {
    this.#unsynced();
  }

  /** No power is cut in this test, and many lives are lived. */
  #unsynced(): Registry {
    this.here.registry.store.db.pragma('synchronous = OFF');
    return this.here.registry;
  }

  #reopen(): Registry {
    this.here.reopen();
    return this.#unsynced();
  }

  get #registry() {
    return this.here.registry;
  }

  async take(one: Step): Promise<void> {
    try {
      await this.#do(one);
    } catch (thrown) {
      // A refusal is an answer; anything else is a fault of the registry.
      if (!(thrown instanceof Failure)) throw thrown;
    }
    this.check();
  }

  async #do(one: Step): Promise<void> {
    const { here } = this;
    switch (one.do) {
      case 'clock':
        // No computer is set to a time before 1990 or after 2090.
        here.clock.ms = Math.min(Math.max(here.clock.ms + one.ms, Date.UTC(1990, 0, 1)), Date.UTC(2090, 0, 1));
        return;
      case 'upkeep':
        return this.#upkeep();
      case 'restart':
        this.#reopen();
        recoverRuns(this.#registry, here.clock, 72);
        recoverUnfinished(this.#registry);
        return this.#upkeep();
      case 'run':
        return this.#run(one.unit, one.end, one.days);
      case 'rotate':
        return this.#rotate(one);
      case 'revoke': {
        const device = this.#units.get(one.unit) ?? '';
        for (const { serial } of this.#registry.certificates.select({ device }))
          this.#registry.certificates.revoke(serial, 'keyCompromise', '', 'Olga');
        return;
      }
      case 'end':
      case 'seen': {
        const [open] = this.#registry.certificates.rotations({ device: this.#units.get(one.unit) ?? '', limit: 1 }).rows;
        if (open === undefined) return;
        if (one.do === 'end') return endGraceNow(this.#registry, open.serial, 'Olga');
        this.#registry.certificates.seen(open.successor, open.device);
      }
    }
  }

  #upkeep(): void {
    const { certificates, notices } = this.#registry;
    const now = this.here.clock.now();
    const grace = certificates.graceOver();
    endGracePeriods(this.#registry);
    endOverdueProofs(this.#registry);
    notices.record();
    // No grace period ends before its time.
    for (const { serial } of grace) expect(Date.parse(this.#before.get(serial)?.graceUntil ?? '')).toBeLessThanOrEqual(now);
  }

  #run(number: number, end: 'pass' | 'fail' | 'crash' | 'wait', days: number): void {
    const { here } = this;
    const notAfter = new Date(here.clock.now() + days * day).toISOString();
    const { run, device, serial } = here.run({ hardwareId: `HW-${String(number)}`, notAfter });
    this.#units.set(number, device);
    if (end === 'pass') passRun(this.#registry, run, device, serial, 'Tess');
    else if (end === 'fail') failRun(this.#registry, run, serial, sampleFailure('TIMEOUT').toData(), 'Tess');
    else if (end === 'wait')
      this.#registry.runs.end(run, 'NOT_VERIFIED', {
        failure: sampleFailure('BROKER_AWAY').toData(),
        deadline: new Date(here.clock.now() + 72 * hour).toISOString(),
      });
    else recoverRuns(this.#reopen(), here.clock, 72);
  }

  async #rotate(one: Extract<Step, { do: 'rotate' }>): Promise<void> {
    const { here } = this;
    const device = this.#units.get(one.unit) ?? 'acme/none';
    let crashed = false;
    const issue = (request: { replaces?: string }): Promise<never> | Promise<{ serial: string; spki: Buffer; credentials: never }> => {
      const serial = randomBytes(20).toString('hex').toUpperCase();
      const names = { serial, issuer: 'device-1', partition: 0, use: 'device' as const, device, run: null, order: 'ORDER-1' };
      const validity = { notBefore: here.registry.now(), notAfter: new Date(here.clock.now() + 90 * day).toISOString() };
      here.registry.certificates.reserve(
        { ...names, ...validity, spkiSha256: randomBytes(32).toString('hex'), replaces: request.replaces ?? null },
        'Olga',
      );
      if (one.crash === 'reserved') crashed = true;
      else here.sign(serial);
      if (one.crash === 'signed') crashed = true;
      if (crashed) return Promise.reject(new Failure('SERVICE_CRASHED', { service: 'station' }));
      return Promise.resolve({ serial, spki: randomBytes(8), credentials: { certificateChain: [] } as never });
    };
    const issuance = { checkRequest: () => Promise.resolve({ spki: randomBytes(8), spkiSha256: '' }), issue };
    const request = { device, csr: Buffer.from([0x30, 0]), graceHours: one.hours, endWhenSeen: one.early, override: 'test', actor: 'Olga' };
    const began = here.clock.now();
    try {
      const { replaces, graceUntil } = await rotate({ registry: here.registry, issuance, clock: here.clock }, request);
      // Hours are hours, whatever the time zone does meanwhile.
      expect(Date.parse(graceUntil) - began).toBe(one.hours * hour);
      expect(here.status(replaces)).toBe('ROTATING');
    } finally {
      if (crashed) recoverUnfinished(this.#reopen());
    }
  }

  check(): void {
    const { here } = this;
    const now = here.clock.now();
    const { rows } = here.registry.certificates.list({ search: '', limit: 500 });
    const after = new Map<string, Known>(
      rows.map(({ serial, status, graceUntil, notAfter }) => [serial, { status, graceUntil, notAfter }]),
    );
    for (const [serial, before] of this.#before) {
      const { status } = after.get(serial) ?? { status: 'gone' };
      // By its date and nothing else.
      expect(status === 'EXPIRED', serial).toBe(status !== 'REVOKED' && Date.parse(before.notAfter) < now);
      expect(before.status === 'REVOKED' && status !== 'REVOKED', serial).toBe(false);
      const backwards = certificateStatuses.indexOf(status as CertificateStatus) < certificateStatuses.indexOf(before.status);
      expect(before.status !== 'EXPIRED' && backwards, serial).toBe(false);
    }
    this.#before = after;
    this.#revocationsAreKept();
    this.#noticesAreOnce();
    const problems = certificateProblems(here.registry).problems.filter((problem) => !problem.includes('grace period is over'));
    expect(problems).toEqual([]);
  }

  #revocationsAreKept(): void {
    const rows = this.#registry.store.db
      .prepare<unknown[], Record<string, unknown>>('SELECT serial, reason || recorded_at || operator AS what FROM revocations')
      .all();
    const now = new Map(rows.map((row) => [String(row['serial']), String(row['what'])]));
    for (const [serial, what] of this.#revocations) expect(now.get(serial)).toBe(what);
    for (const [serial, what] of now) this.#revocations.set(serial, what);
  }

  /** Each threshold once, and after a nearer one never a farther. */
  #noticesAreOnce(): void {
    const rows = this.#registry.store.db.prepare<[], { serial: string; days: number }>('SELECT serial, days FROM notices').all();
    for (const { serial, days } of rows) {
      const told = this.#notices.get(serial) ?? [];
      if (told.includes(days)) continue;
      expect(days).toBeLessThan(Math.min(Infinity, ...told));
      this.#notices.set(serial, [...told, days]);
    }
    for (const [serial, told] of this.#notices) expect(rows.filter((row) => row.serial === serial)).toHaveLength(told.length);
  }

  end(): void {
    expect(this.#registry.store.auditProblems().problems).toEqual([]);
    this.here.dispose();
  }
}

async function live(steps: readonly Step[]): Promise<void> {
  const life = new Life();
  try {
    for (const number of [0, 1, 2]) await life.take({ do: 'run', unit: number, end: 'pass', days: 20 + 15 * number });
    for (const one of steps) await life.take(one);
  } finally {
    life.end();
  }
}

describe('whatever happens in whatever order, with whatever clock', () => {
  test.each(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Apia'])('a life only goes forward, in %s', async (zone) => {
    const before = process.env['TZ'];
    process.env['TZ'] = zone;
    try {
      await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), live), { numRuns: 15 });
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });
});

test('a whole life across the change to summer time: notices, grace and end at the hour', async () => {
  const before = process.env['TZ'];
  process.env['TZ'] = 'Europe/Berlin';
  const life = new Life();
  try {
    const { here } = life;
    // Clocks go from 2 to 3 in the night of 28 March 2027.
    here.clock.ms = Date.parse('2027-03-27T12:00:00.000+01:00');
    await life.take({ do: 'run', unit: 0, end: 'pass', days: 20 });
    await life.take({ do: 'rotate', unit: 0, hours: 24, early: false, crash: 'no' });
    const [open] = here.registry.certificates.rotations({ limit: 1 }).rows;
    expect(open?.graceUntil).toBe('2027-03-28T11:00:00.000Z');
    for (let hours = 0; hours < 23; hours++) {
      here.clock.pass(hour);
      await life.take({ do: 'upkeep' });
      expect(here.status(open?.serial ?? '')).toBe('ROTATING');
    }
    here.clock.pass(hour);
    await life.take({ do: 'upkeep' });
    expect(here.status(open?.serial ?? '')).toBe('REVOKED');
  } finally {
    life.end();
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});
