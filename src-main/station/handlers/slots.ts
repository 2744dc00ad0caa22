import type { HandlersOf } from '../dispatch/index.ts';
import type { Fixture } from '../fixture.ts';
import type { Station } from '../station.ts';

export function slotsHandlers(station: Station): HandlersOf<'slots'> {
  const fixture = (): Fixture => station.live().fixture;
  const actor = (): string => station.operator?.name ?? 'nobody';

  return {
    'slots.list': () => fixture().slots(),
    'slots.ports': () => fixture().ports(),
    'slots.bind': ({ slot, position }) => {
      fixture().bind(slot, position, actor());
      return fixture().slots();
    },
    'slots.unbind': ({ slot }) => {
      fixture().unbind(slot, actor());
      return fixture().slots();
    },
    'slots.extraPorts': ({ paths }) => fixture().showPorts(paths, actor()),
  };
}
