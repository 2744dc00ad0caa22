import { Failure, limits } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { HandlerContext } from './context.ts';

export function lineHandlers(station: HandlerContext): HandlersOf<'line' | 'orders' | 'bench'> {
  const live = (): LiveStation => station.live();
  const bench = (): NonNullable<LiveStation['bench']> => {
    const { bench: units } = live();
    if (units === null) throw new Failure('NO_SIMULATED_UNITS');
    return units;
  };

  return {
    'line.slots': () => live().line.views(),
    'line.retry': ({ slot }, { name }) => live().line.retry(slot, name),
    'line.reject': ({ slot }) => live().line.reject(slot),
    'line.cancel': ({ slot }) => live().line.cancel(slot),
    'line.reprovision': ({ slot }, { name, role }) => {
      const { line, registry } = live();
      const device = line.views().find((view) => view.slot === slot)?.device ?? null;
      // What an officer took away, only an officer gives back.
      const revoked = device !== null && registry.devices.get(device)?.status === 'REVOKED';
      if (revoked && role !== 'officer') throw new Failure('NOT_ALLOWED', { role, call: 'line.reprovision of a revoked device' });
      return line.reprovision(slot, name);
    },
    'line.label': ({ slot, device }) => live().line.label(slot, device),
    'orders.list': () => {
      const { runs } = live().registry;
      return runs.orders().map((order) => runs.progress(order));
    },
    'orders.current': () => live().order.progress(),
    'orders.create': (order, caller) => {
      const { runs } = live().registry;
      if (runs.order(order.id) !== null)
        throw new Failure('INVALID_INPUT', { field: 'id', problem: `there is a work order ${order.id} already` });
      longestNameMustFit(order.tenant, order.idPrefix);
      live().issuance.profile(order.certificateProfile);
      live().line.profile(order.deviceProfile);
      runs.createOrder(order, caller.name);
      return runs.progress(order);
    },
    'orders.choose': ({ id }, caller) => {
      const order = live().registry.runs.order(id);
      if (order === null) throw new Failure('NOT_FOUND', { kind: 'work order', id });
      live().chooseOrder(order, caller.name);
      return live().registry.runs.progress(order);
    },
    'bench.units': () => live().bench?.units() ?? [],
    'bench.plug': async ({ slot, fault, hardwareId }) => {
      await bench().plug(slot, { ...(fault === undefined ? {} : { fault }), ...(hardwareId === undefined ? {} : { hardwareId }) });
      return {};
    },
    'bench.unplug': async ({ slot }) => {
      await bench().unplug(slot);
      return {};
    },
    'bench.broker': async ({ up }) => {
      bench();
      if (up) await live().host.start();
      else await live().host.stop();
      station.statusSoon();
      return {};
    },
  };
}

/** `{prefix}` + six digits must fit into a common name with the tenant; found out now, not at the thousandth unit. */
function longestNameMustFit(tenant: string, idPrefix: string): void {
  const longest = `${tenant}/${idPrefix}1000000`;
  if (longest.length > limits.commonNameChars) {
    throw new Failure('ID_INVALID', {
      id: longest,
      kind: 'device',
      problem: `it is longer than ${String(limits.commonNameChars)} characters`,
    });
  }
}
