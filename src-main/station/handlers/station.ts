import { Failure, unwrap } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { Station } from '../station.ts';

export function stationHandlers(station: Station): HandlersOf<'station' | 'operators'> {
  const live = (): LiveStation => station.live();
  const actor = (): string => station.operator?.name ?? 'nobody';

  return {
    'station.status': () => station.status(),
    'station.tryOut': (input) => station.tryOut(input),
    'station.init': (input) => station.init(input),
    'operators.list': () => live().registry.operators.list(),
    'operators.add': ({ name, role, password }) => {
      const { operators, store } = live().registry;
      if (operators.find(name) !== null)
        throw new Failure('INVALID_INPUT', { field: 'name', problem: `there is an operator “${name}” already` });
      store.transaction(() => operators.add(name, role, password, actor()));
      return unwrap(operators.find(name), 'the operator was just added');
    },
    'operators.signIn': ({ name, password }) => {
      const operator = live().registry.operators.check(name, password);
      if (operator === null) throw new Failure('SIGN_IN_FAILED');
      station.signIn(operator);
      return operator;
    },
    'operators.signOut': () => {
      station.signIn(null);
      return {};
    },
  };
}
