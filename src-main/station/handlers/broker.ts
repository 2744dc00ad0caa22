import { randomUUID } from 'node:crypto';
import type { HandlersOf } from '../dispatch/index.ts';
import type { LiveStation } from '../live-station.ts';
import { hostKeyOf } from '../broker/index.ts';
import { reconcile } from '../support/index.ts';
import { compareRecords } from '../central-records/index.ts';
import { keepRabbitmqPassword, loadIdentity, stationSshKeys } from '../setup/index.ts';
import type { HandlerContext } from './context.ts';
import { verifyConnection } from '../verify/index.ts';
import { checkup, why } from './support.ts';
import { verify } from './verify.ts';

const unitMs = 30_000;
/** A publication that takes longer is a difference. */
const reconcileMs = 30_000;

export function brokerHandlers(station: HandlerContext): HandlersOf<'broker' | 'verify'> {
  const live = (): LiveStation => station.live();

  return {
    'broker.status': () => live().host.view(),
    'broker.keys': () => {
      const { files, command } = stationSshKeys(station.config.dataDir);
      return { files: files.publicKey, command: command.publicKey };
    },
    'broker.hostKey': async (at) => ({ hostKey: await hostKeyOf(at) }),
    'broker.use': ({ remote }, caller) => {
      const { store, settings } = live().registry;
      store.transaction(() => {
        settings.set('brokerHost', remote);
        settings.set('brokerRabbitmq', null);
        store.audit(caller.name, 'broker.use', remote?.host ?? 'local', { ...remote });
      });
      return {};
    },
    'broker.useRabbitmq': ({ cluster, password }, caller) => {
      const { store, settings } = live().registry;
      keepRabbitmqPassword(station.config.dataDir, password);
      store.transaction(() => {
        settings.set('brokerRabbitmq', cluster);
        if (settings.get('brokerRabbitmq.mark') === null) settings.set('brokerRabbitmq.mark', randomUUID());
        store.audit(caller.name, 'broker.useRabbitmq', cluster.nodes[0]?.host ?? '', { ...cluster });
      });
      return {};
    },
    'broker.reconcile': async () => {
      const { publisher, host, registry, crls, records } = live();
      // What is under way would look like a difference.
      await publisher.settled(reconcileMs);
      const central = await records.with((db, name) => compareRecords(registry, db, name));
      const findings = [...(await reconcile({ registry, crls, host })), ...central.flat()];
      return { verdict: findings.some(({ differences }) => differences > 0) ? 'FAIL' : 'PASS', host: host.view().name, findings };
    },
    'verify.outstanding': (_input, { name }) => live().proveOutstanding(name),
    'verify.unit': ({ slot }) => live().line.selfTest(slot, AbortSignal.timeout(unitMs)),
    'verify.device': ({ device }) => live().line.selfTestOf(device, AbortSignal.timeout(unitMs)),
    'verify.connection': (asked) => verify(live(), station.config.dataDir, asked),
    'verify.checkup': (asked) => checkup(station, asked),
    'verify.why': (asked) => why(station, asked),
    'verify.broker': async () => [
      ...(await verifyConnection(live().host.endpoint, loadIdentity(station.config.dataDir, 'observer'))).steps,
    ],
  };
}
