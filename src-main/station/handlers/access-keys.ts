import type { HandlersOf } from '../dispatch/index.ts';
import type { HandlerContext } from './context.ts';

export const accessKeysHandlers = (station: HandlerContext): HandlersOf<'accessKeys'> => ({
  'accessKeys.add': (wanted, caller) => station.live().registry.accessKeys.add(wanted, caller.name),
  'accessKeys.list': () => station.live().registry.accessKeys.list(),
  'accessKeys.withdraw': ({ name }, caller) => {
    station.live().registry.accessKeys.withdraw(name, caller.name);
    return {};
  },
});
