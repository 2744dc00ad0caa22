import type { HandlersOf } from '../dispatch/index.ts';
import type { HandlerContext } from './context.ts';

export const httpHandlers = (station: HandlerContext): HandlersOf<'http'> => ({
  'http.listeners': () => station.live().http.views(),
  'http.listen': (listener, caller) => station.live().http.set(listener, caller.name),
  'http.close': async ({ name }, caller) => {
    const { http } = station.live();
    await http.close(name, caller.name);
    return http.views();
  },
});
