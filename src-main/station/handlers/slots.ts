import type { HandlersOf } from '../dispatch/index.ts';
import type { Fixture } from '../fixture.ts';
import type { HandlerContext } from './context.ts';

export function slotsHandlers(station: HandlerContext): HandlersOf<'slots'> {
  const fixture = (): Fixture => station.live().fixture;

  return {
    'slots.list': () => fixture().slots(),
    'slots.ports': () => fixture().ports(),
    'slots.bind': ({ slot, position }, caller) => {
      fixture().bind(slot, position, caller.name);
      return fixture().slots();
    },
    'slots.unbind': ({ slot }, caller) => {
      fixture().unbind(slot, caller.name);
      return fixture().slots();
    },
    'slots.extraPorts': ({ paths }, caller) => fixture().showPorts(paths, caller.name),
  };
}
