import { exitCodes, Failure, limits } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import type { StationProcess } from '../station-process.ts';
import { knownOrder, orderOf, quantityOf } from './orders.ts';
import { addCertificates, clearBench, onResult, proofText, unitsText, type UnitResult } from './units.ts';

export async function provision(context: CommandContext): Promise<number> {
  const count = context.values.number('count', { min: 1, max: 100_000, fallback: 1 });
  const seconds = context.values.number('timeout', { min: 1, max: 86_400, fallback: 60 });
  const minutes = context.values.number('session-minutes', { ...limits.sessionMinutes, fallback: 480 });
  const station = context.start({ broker: true, line: 'auto' });
  const status = await station.call('station.status', {});
  if (status.phase !== 'ready') throw new Failure('NOT_SET_UP');
  const asLines = context.output.format === 'json-lines';
  if (asLines) station.on('slot.changed', (payload) => context.output.write(`${JSON.stringify({ event: 'slot.changed', payload })}\n`));
  await chooseOrder(context, station, count);
  const slots = status.tryOut ? await clearBench(station) : [];
  const units: UnitResult[] = [];
  const ended = untilEnded(station, { count, seconds }, (unit) => {
    units.push(unit);
    context.output.note(
      `slot ${String(unit.slot)}: ${unit.device} ${unit.verdict}${unit.code === undefined ? '' : ` (${unit.code})`}${unit.verdict === 'PASS' ? `, ${proofText(unit)}` : ''}`,
    );
  });
  for (const label of context.values.list('label')) await station.call('line.label', labelOf(label));
  const order = await station.call('orders.current', {});
  await context.openSession(station, {
    kind: 'issue',
    quota: Math.min(count * 2, 100_000),
    minutes,
    idleMinutes: context.values.number('idle-minutes', { ...limits.sessionMinutes, fallback: minutes }),
    perMinute: context.values.number('per-minute', { ...limits.sessionPerMinute, fallback: limits.sessionPerMinute.max }),
    profiles: order === null ? null : [order.order.certificateProfile],
    reason: 'provision on the command line',
  });
  const blocked = (await station.call('station.status', {})).preconditions.find((condition) => condition.level === 'error');
  if (blocked !== undefined) throw Failure.fromData(blocked.failure);
  if (status.tryOut) await plugSimulated(station, slots, count);
  await ended();
  await station.call('publication.settle', {});
  await addCertificates(station, units);
  const passed = units.filter((unit) => unit.verdict === 'PASS').length;
  const ok = units.length >= count && passed === units.length;
  const result = { units, totals: { units: units.length, passed, failed: units.length - passed } };
  if (asLines) context.output.write(`${JSON.stringify({ verdict: ok ? 'PASS' : 'FAIL', result, error: null })}\n`);
  else context.output.result(result, () => (units.length === 0 ? `No unit was plugged in for ${String(seconds)} s.` : unitsText(units)));
  return ok ? exitCodes.OK : exitCodes.FAILED;
}

function labelOf(text: string): { slot: number; device: string } {
  const match = /^(\d{1,2})=(.+)$/u.exec(text);
  if (match === null) throw new Failure('INVALID_INPUT', { field: '--label', problem: `"${text}" is not N=DEVICE` });
  return { slot: Number(match[1]), device: match[2] ?? '' };
}

/** Listens from now on; what it returns waits until `count` units have ended or none has for `seconds`. */
function untilEnded(
  station: StationProcess,
  { count, seconds }: { count: number; seconds: number },
  onUnit: (unit: UnitResult) => void,
): () => Promise<void> {
  let ended = 0;
  let changed = (): void => undefined;
  onResult(station, (unit) => {
    ended++;
    onUnit(unit);
    changed();
  });
  return () =>
    new Promise((done) => {
      let timer: NodeJS.Timeout | undefined;
      changed = () => {
        clearTimeout(timer);
        if (ended >= count) done();
        else timer = setTimeout(done, seconds * 1000);
      };
      changed();
    });
}

async function chooseOrder(context: CommandContext, station: StationProcess, count: number): Promise<void> {
  const id = context.values.text('order');
  if (id === undefined) return;
  const tenant = context.values.text('tenant');
  if ((await knownOrder(station, id)) === null) {
    if (tenant === undefined) throw new Failure('NOT_FOUND', { kind: 'work order', id });
    const quantity = quantityOf(context.values.text('quantity') ?? String(count));
    await station.call('orders.create', orderOf(context, { id, tenant, quantity }));
  }
  await station.call('orders.choose', { id });
}

/** A try-out station has no hardware: new simulated units go into its slots, one after the other. */
async function plugSimulated(station: StationProcess, slots: readonly number[], count: number): Promise<void> {
  let plugged = 0;
  const plug = async (slot: number): Promise<void> => {
    if (plugged >= count) return;
    plugged++;
    await station.call('bench.unplug', { slot });
    await station.call('bench.plug', { slot });
  };
  onResult(station, (result) => void plug(result.slot));
  await Promise.all(slots.map(plug));
}
