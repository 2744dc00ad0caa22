import { Failure } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import type { Station } from '../station.ts';

export function deliveryHandlers(station: Station): HandlersOf<'bundles'> {
  const actor = (): string => station.operator?.name ?? 'nobody';
  /** Found out before anything is recorded for the device. */
  const mustBeOpen = (): void => {
    if (station.signer.session?.kind !== 'issue') throw new Failure('SESSION_NONE');
  };
  return {
    'bundles.make': async (wish) => {
      mustBeOpen();
      const made = await station.live().bundles.make(wish, actor());
      station.statusSoon();
      return made;
    },
    'bundles.offer': async (wish) => {
      mustBeOpen();
      const made = await station.live().bundles.offer(wish, actor());
      station.statusSoon();
      return made;
    },
    'bundles.list': (page) => station.live().bundles.list(page),
  };
}
