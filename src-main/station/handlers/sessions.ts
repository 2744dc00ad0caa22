import type { HandlersOf } from '../dispatch/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { HandlerContext } from './context.ts';

export function sessionsHandlers(station: HandlerContext): HandlersOf<'sessions'> {
  const live = (): LiveStation => station.live();

  return {
    'sessions.request': async (wish, caller) => {
      const request = await live().requestSession({ ...wish, operator: caller.name });
      station.pinRequests.asked(request, caller);
      const { view } = station.signer.token;
      return { ...request, token: view, purpose: view === null ? 'PIN of the token' : `PIN of the token “${view.label}”` };
    },
    'sessions.current': () => station.signer.session,
    'sessions.close': async (_input, caller) => {
      await station.signer.call('session.close', { why: `closed by ${caller.name}` });
      return {};
    },
  };
}
