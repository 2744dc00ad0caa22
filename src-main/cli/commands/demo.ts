import { exitCodes, Failure, limits, type ErrorCode } from '../../contract/index.ts';
import { simulatedFaults, type SimulatedFault } from '../../station/try-out/index.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';
import { untilEffective } from './revocation.ts';
import { addCertificates, clearBench, onResult, unitsText, type UnitResult } from './units.ts';

export async function demo(context: CommandContext): Promise<number> {
  if (context.values.text('fault') === 'list') return listFaults(context);
  const units = context.values.number('units', { min: 1, max: 10_000, fallback: 8 });
  const parallel = Math.min(units, context.values.number('parallel', { min: 1, max: limits.slots, fallback: 4 }));
  const fault = faultOf(context.values.text('fault'));
  const own = context.values.text('data') === undefined;
  const dataDir = own ? context.temporaryFolder() : context.dataFolder();
  return runDemo(context, context.startNew({ broker: true, line: 'auto' }, dataDir), { units, parallel, fault });
}

/** A unit of the demo, and whether it was the one with the fault. */
interface DemoUnit extends UnitResult {
  readonly faulty: boolean;
}

interface Plan {
  readonly units: number;
  readonly parallel: number;
  readonly fault: SimulatedFault | null;
}

async function runDemo(context: CommandContext, station: StationProcess, plan: Plan): Promise<number> {
  const began = performance.now();
  const off = station.on('setup.progress', (progress) =>
    context.output.progress(`${String(progress.done)}/${String(progress.total)} ${progress.step}`),
  );
  await prepare(context, station, plan);
  off();
  const away = plan.fault?.name === 'broker-away';
  if (away) await station.call('bench.broker', { up: false });
  const units = await runUnits(context, station, plan);
  const revocation = away ? null : await revokeLast(station, units);
  await station.call('publication.settle', {});
  await addCertificates(station, units);
  const problems = judge(units, revocation, plan);
  const passed = units.filter((unit) => unit.verdict === 'PASS').length;
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const verdict = problems.length === 0 ? 'PASS' : 'FAIL';
  const failed = units.filter((unit) => unit.verdict === 'FAIL').length;
  context.output.result({ units, revocation, totals: { units: units.length, passed, failed, seconds }, problems }, () =>
    [
      unitsText(units),
      revocation === null
        ? ''
        : `Revoked ${revocation.device}: ${revocation.state}${revocation.recordedToEffectiveMs === null ? '' : ` after ${String(revocation.recordedToEffectiveMs)} ms`}, reconnect ${revocation.reconnect}`,
      ...problems,
      `${verdict}: ${String(passed)} of ${String(units.length)} units passed in ${String(seconds)} s`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
  );
  return problems.length === 0 ? exitCodes.OK : exitCodes.FAILED;
}

/** A try-out station and a work order for these units; an existing try-out station is used as it is. */
async function prepare(context: CommandContext, station: StationProcess, plan: Plan): Promise<void> {
  const { phase, tryOut } = await station.call('station.status', {});
  if (phase === 'first-run') await station.call('station.tryOut', { slots: plan.parallel, plug: false });
  else if (!tryOut) throw new Failure('ALREADY_SET_UP', { path: context.dataFolder() });
  else await clearBench(station);
  // The session that a new try-out station comes with is for looking round; this one is for so many units.
  if ((await station.call('sessions.current', {})) !== null) await station.call('sessions.close', {});
  await context.openSession(station, {
    kind: 'issue',
    quota: Math.min(plan.units * 2, limits.sessionQuota.max),
    minutes: 60,
    reason: 'demo',
  });
  const id = `demo-${Date.now().toString(36)}`;
  await station.call('orders.create', {
    id,
    tenant: 'acme',
    product: 'Simulated sensor',
    deviceProfile: 'reference-agent',
    certificateProfile: 'device',
    quantity: plan.units,
    idPrefix: `${id}-`,
  });
  await station.call('orders.choose', { id });
}

/** Keeps every slot busy until all units have had their run; the last unit of each slot stays plugged in. */
async function runUnits(context: CommandContext, station: StationProcess, plan: Plan): Promise<DemoUnit[]> {
  const results: DemoUnit[] = [];
  const faulty = new Set<number>();
  /** Slots whose unit has had no result yet: a stranger that was put in after it is none of the demo's. */
  const busy = new Set<number>();
  const slots = await station.call('bench.units', {});
  let plugged = 0;
  const plugNext = async (slot: number): Promise<void> => {
    if (plugged >= plan.units) return;
    plugged++;
    const hit = plugged === 1 && plan.fault !== null && plan.fault.name !== 'broker-away';
    if (hit) faulty.add(slot);
    else faulty.delete(slot);
    busy.add(slot);
    await station.call('bench.plug', { slot, ...(hit ? { fault: plan.fault.name } : {}) });
  };
  await new Promise<void>((done, failed) => {
    onResult(station, (result) => {
      if (!busy.delete(result.slot)) return;
      results.push({ ...result, faulty: faulty.has(result.slot) });
      context.output.note(
        `slot ${String(result.slot)}: ${result.device} ${result.verdict}${result.code === undefined ? '' : ` (${result.code})`}`,
      );
      if (results.length === plan.units) done();
      else if (plugged < plan.units) {
        void station
          .call('bench.unplug', { slot: result.slot })
          .then(() => plugNext(result.slot))
          .catch(failed);
      }
    });
    station.on('slot.changed', (view) => {
      if (view.state === 'READY' && view.failure !== null) failed(Failure.fromData(view.failure));
    });
    void Promise.all(slots.slice(0, plan.parallel).map(({ slot }) => plugNext(slot))).catch(failed);
  });
  return results.sort((a, b) => a.device.localeCompare(b.device));
}

interface RevocationResult {
  readonly device: string;
  readonly state: string;
  readonly recordedToEffectiveMs: number | null;
  readonly liveSessionGoneMs: number | null;
  readonly reconnect: 'refused' | 'admitted' | 'not-tried';
}

/** Revokes a unit that passed and is still plugged in and connected, waits for EFFECTIVE, and lets it try to come back. */
async function revokeLast(station: StationProcess, units: readonly UnitResult[]): Promise<RevocationResult | null> {
  const here = (await station.call('line.slots', {})).filter((slot) => slot.state === 'PASS').map((slot) => slot.device);
  const unit = units.findLast((candidate) => candidate.verdict === 'PASS' && here.includes(candidate.device));
  if (unit === undefined) return null;
  const revoked = await station.call('revocations.revoke', { selector: { device: unit.device }, reason: 'keyCompromise', note: 'demo' });
  const [settled] = await untilEffective(station, revoked, 30_000);
  const again = await station.call('verify.unit', { slot: unit.slot });
  return {
    device: unit.device,
    state: settled?.state ?? 'RECORDED',
    recordedToEffectiveMs:
      settled === undefined || settled.effectiveAt === null ? null : Date.parse(settled.effectiveAt) - Date.parse(settled.recordedAt),
    liveSessionGoneMs: settled?.liveSessionGoneMs ?? null,
    reconnect: again.connected ? 'admitted' : 'refused',
  };
}

/** What was asked for and did not hold. */
function judge(units: readonly DemoUnit[], revocation: RevocationResult | null, plan: Plan): string[] {
  const problems: string[] = [];
  const expected = plan.fault?.expected ?? 'survive';
  const away = plan.fault?.name === 'broker-away';
  for (const unit of units) {
    const want = (away || unit.faulty) && expected !== 'survive' ? expected : { verdict: 'PASS' as const, code: undefined };
    if (unit.verdict !== want.verdict || (want.code !== undefined && unit.code !== (want.code satisfies ErrorCode))) {
      problems.push(
        `${unit.device || `slot ${String(unit.slot)}`}: ${unit.verdict} ${unit.code ?? ''}, expected ${want.verdict} ${want.code ?? ''}`,
      );
    }
    const status = unit.certificate?.status;
    if (unit.verdict !== 'PASS' && status === 'ACTIVE') problems.push(`${unit.device}: has an ACTIVE certificate without a PASS`);
  }
  if (away) return problems;
  if (revocation === null) {
    if (units.some((unit) => unit.verdict === 'PASS')) problems.push('no unit was left to revoke');
  } else {
    if (revocation.state !== 'EFFECTIVE') problems.push(`the revocation only came to ${revocation.state}`);
    if (revocation.reconnect !== 'refused') problems.push('the revoked device was let in again');
    if (revocation.liveSessionGoneMs === null) problems.push('the revoked device had no live session to end');
  }
  return problems;
}

function faultOf(name: string | undefined): SimulatedFault | null {
  if (name === undefined) return null;
  const fault = simulatedFaults.find((candidate) => candidate.name === name.toLowerCase());
  if (fault === undefined)
    throw new Failure('INVALID_INPUT', { field: '--fault', problem: `there is no fault "${name}"; --fault list names them` });
  return fault;
}

function listFaults(context: CommandContext): number {
  const rows = simulatedFaults.map((fault) => ({
    name: fault.name,
    about: fault.about,
    expected: fault.expected === 'survive' ? 'PASS' : `${fault.expected.verdict} ${fault.expected.code}`,
  }));
  context.output.result({ faults: rows }, () =>
    table(
      ['FAULT', 'ENDS', 'WHAT HAPPENS'],
      rows.map((row) => [row.name, row.expected, row.about]),
    ),
  );
  return exitCodes.OK;
}
