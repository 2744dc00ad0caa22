import { Failure } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import type { HandlerContext } from './context.ts';

export function deliveryHandlers(station: HandlerContext): HandlersOf<'bundles'> {
  /** Found out before anything is recorded for the device. */
  const mustBeOpen = (): void => {
    if (station.signer.session?.kind !== 'issue') throw new Failure('SESSION_NONE');
  };
  return {
    'bundles.make': async (wish, caller) => {
      mustBeOpen();
      const made = await station.live().bundles.make(wish, caller.name);
      station.statusSoon();
      return made;
    },
    'bundles.offer': async (wish, caller) => {
      mustBeOpen();
      const made = await station.live().bundles.offer(wish, caller.name);
      station.statusSoon();
      return made;
    },
    'bundles.list': (page) => station.live().bundles.list(page),
  };
}
