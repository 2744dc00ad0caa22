import { exitCodes, Failure, limits } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import type { StationProcess } from '../station-process.ts';
import { addCertificates, clearBench, onResult, proofText, unitsText, type UnitResult } from './units.ts';

export const provision: Command = {
  name: 'provision',
  summary: 'run the line: every unit that is plugged into a slot is provisioned and proven',
  options: {
    order: { argument: 'ID', help: 'work order to make (default: the one on the line); a new one is made with the options below' },
    tenant: { argument: 'ID', help: 'new work order: the customer' },
    product: { argument: 'NAME', help: 'new work order: what is made (default: the order’s id)' },
    prefix: { argument: 'TEXT', help: 'new work order: device ids are this and a running number (default: the order’s id and "-")' },
    quantity: { argument: 'N', help: 'new work order: how many units (default: --count)' },
    'device-profile': { argument: 'NAME', help: 'new work order: how to talk to the units (default: reference-agent)' },
    'certificate-profile': { argument: 'NAME', help: 'new work order: what their certificates say (default: device)' },
    label: { argument: 'N=DEVICE', multiple: true, help: 'the unit in slot N is this device (tenant/device), as its label says' },
    count: { argument: 'N', help: 'end after N units (default 1)' },
    'session-minutes': { argument: 'N', help: 'the signing session ends after so long (default 480)' },
    'idle-minutes': { argument: 'N', help: 'or when nothing was signed for so long (default: only at its end)' },
    'per-minute': { argument: 'N', help: 'certificates a minute at most (default 6000)' },
    timeout: { argument: 'SECONDS', help: 'end when no unit comes for so long (default 60)' },
  },
  async run(context) {
    const count = context.number('count', { min: 1, max: 100_000, fallback: 1 });
    const seconds = context.number('timeout', { min: 1, max: 86_400, fallback: 60 });
    const minutes = context.number('session-minutes', { ...limits.sessionMinutes, fallback: 480 });
    const station = context.start({ broker: true, line: 'auto' });
    const status = await station.call('station.status', {});
    if (status.phase !== 'ready') throw new Failure('NOT_SET_UP');
    await chooseOrder(context, station, count);
    const slots = status.tryOut ? await clearBench(station) : [];
    const units: UnitResult[] = [];
    const ended = untilEnded(station, { count, seconds }, (unit) => {
      units.push(unit);
      context.output.note(
        `slot ${String(unit.slot)}: ${unit.device} ${unit.verdict}${unit.code === undefined ? '' : ` (${unit.code})`}${unit.verdict === 'PASS' ? `, ${proofText(unit)}` : ''}`,
      );
    });
    for (const label of context.list('label')) await station.call('line.label', labelOf(label));
    const order = await station.call('orders.current', {});
    await context.openSession(station, {
      kind: 'issue',
      quota: Math.min(count * 2, 100_000),
      minutes,
      idleMinutes: context.number('idle-minutes', { ...limits.sessionMinutes, fallback: minutes }),
      perMinute: context.number('per-minute', { ...limits.sessionPerMinute, fallback: limits.sessionPerMinute.max }),
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
    context.output.result(
      { verdict: ok ? 'PASS' : 'FAIL', units, totals: { units: units.length, passed, failed: units.length - passed } },
      () => (units.length === 0 ? `No unit was plugged in for ${String(seconds)} s.` : unitsText(units)),
    );
    return ok ? exitCodes.OK : exitCodes.FAILED;
  },
};

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
  const id = context.text('order');
  if (id === undefined) return;
  const tenant = context.text('tenant');
  const known = (await station.call('orders.list', {})).some(({ order }) => order.id === id);
  if (!known) {
    if (tenant === undefined) throw new Failure('NOT_FOUND', { kind: 'work order', id });
    await station.call('orders.create', {
      id,
      tenant,
      product: context.text('product') ?? id,
      deviceProfile: context.text('device-profile') ?? 'reference-agent',
      certificateProfile: context.text('certificate-profile') ?? 'device',
      quantity: context.number('quantity', { min: 1, max: 1_000_000, fallback: count }),
      idPrefix: context.text('prefix') ?? `${id}-`,
    });
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
