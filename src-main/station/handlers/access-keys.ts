import type { HandlersOf } from '../dispatch/index.ts';
import type { Station } from '../station.ts';

export const accessKeysHandlers = (station: Station): HandlersOf<'accessKeys'> => ({
  'accessKeys.add': (wanted, caller) => station.live().registry.accessKeys.add(wanted, caller.name),
  'accessKeys.list': () => station.live().registry.accessKeys.list(),
  'accessKeys.withdraw': ({ name }, caller) => {
    station.live().registry.accessKeys.withdraw(name, caller.name);
    return {};
  },
});
