import { Failure } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { knownModules } from '../setup/index.ts';
import { rebindToken } from '../token-rebind.ts';
import type { HandlerContext } from './context.ts';

export function tokensHandlers(station: HandlerContext): HandlersOf<'tokens'> {
  return {
    'tokens.modules': () => knownModules(process.platform, process.arch),
    'tokens.inspect': ({ module }, { role }) => {
      // A module is a program: on a finished station nobody but an officer names one.
      if (station.isSetUp && role !== 'officer') throw new Failure('NOT_ALLOWED', { role, call: 'tokens.inspect' });
      return station.signer.call('token.inspect', { module });
    },
    'tokens.rebind': async (order, caller) => {
      const { registry } = station.live();
      const { signer, pinRequests } = station;
      return rebindToken({ registry, signer, pinRequests, emit: station.emit.bind(station) }, order, caller);
    },
  };
}
