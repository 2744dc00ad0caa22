import type { HandlersOf } from '../access/index.ts';
import type { LiveStation } from '../live-station.ts';
import { loadIdentity } from '../setup/index.ts';
import type { Station } from '../station.ts';
import { verifyConnection } from '../verify/index.ts';
import { checkup, why } from './support.ts';
import { verify } from './verify.ts';

const unitMs = 30_000;

export function brokerHandlers(station: Station): HandlersOf<'broker' | 'verify'> {
  const live = (): LiveStation => station.live();

  return {
    'broker.status': () => live().host.view(),
    'verify.outstanding': () => live().proveOutstanding(),
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
