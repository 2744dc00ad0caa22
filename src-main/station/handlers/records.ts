import type { HandlersOf } from '../dispatch/index.ts';
import type { HandlerContext } from './context.ts';

export function recordsHandlers(station: HandlerContext): HandlersOf<'records'> {
  return {
    'records.list': () => station.live().records.views(),
    'records.certificate': async (_input, caller) => {
      const { station: id, pem } = await station.live().recordsCertificate(caller.name);
      return { station: id, commonName: `birthmark:records-${id}`, role: `station_${id}`, pem };
    },
    'records.register': ({ tenants }, caller) => station.live().registerRecords(tenants, caller.name),
    'records.connect': async ({ at }, caller) => {
      const view = await station.live().records.connect(at, caller.name);
      station.statusSoon();
      return view;
    },
    'records.disconnect': async ({ name }, caller) => {
      await station.live().records.disconnect(name, caller.name);
      return {};
    },
    'records.settle': ({ timeoutMs }) => station.live().records.settle(timeoutMs),
    'records.problems': (page) => station.live().registry.records.problems(page),
  };
}
