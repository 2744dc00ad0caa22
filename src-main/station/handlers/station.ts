import { Failure, unwrap } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { HandlerContext } from './context.ts';

/** A shift and a half: whoever forgets to sign out is out the next day. */
const signInHours = 12;

export function stationHandlers(station: HandlerContext): HandlersOf<'station' | 'operators'> {
  const live = (): LiveStation => station.live();

  return {
    'station.status': (_input, caller) => station.statusFor(caller),
    'station.tryOut': async (input, caller) => {
      await station.setUp.tryOut(input, caller);
      return station.statusFor(caller);
    },
    'station.init': async (input, caller) => {
      await station.setUp.init(input, caller);
      return station.statusFor(caller);
    },
    'operators.list': () => live().registry.operators.list(),
    'operators.add': ({ name, role, password }, caller) => {
      const { operators, store } = live().registry;
      if (operators.find(name) !== null)
        throw new Failure('INVALID_INPUT', { field: 'name', problem: `there is an operator “${name}” already` });
      store.transaction(() => operators.add(name, role, password, caller.name));
      return unwrap(operators.find(name), 'the operator was just added');
    },
    'operators.signIn': ({ name, password }, { face, connection }) => {
      const operator = live().registry.operators.check(name, password);
      if (operator === null) throw new Failure('SIGN_IN_FAILED');
      const signIn = live().registry.signIns.add(operator, face, signInHours);
      station.faces.speaks({ face, connection, credential: signIn.credential });
      station.emit('operator.changed', operator, connection);
      return { operator, ...signIn };
    },
    'operators.signOut': (_input, { name, connection, credential }) => {
      if (credential !== null) live().registry.signIns.remove(credential, name);
      station.emit('operator.changed', null, connection);
      return {};
    },
  };
}
