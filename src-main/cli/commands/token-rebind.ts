import { exitCodes, unwrap } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';

export async function rebindToken(context: CommandContext): Promise<number> {
  const module = unwrap(context.module(), 'the table requires --module');
  const [label, reason] = [context.values.needed('token'), context.values.needed('reason')];
  const station = context.start({ broker: false, line: 'off' });
  let refused: unknown;
  const off = station.on('pin.wanted', (request) => {
    void context.answerPin(station, request, false).catch(async (thrown: unknown) => {
      // A wrong PIN is not tried twice; without the request the station has nothing to wait for.
      refused = thrown;
      await station.call('pin.cancel', { requestId: request.requestId }).catch(() => undefined);
    });
  });
  try {
    const rebound = await station.call('tokens.rebind', { module, label, serial: context.values.text('serial') ?? null, reason });
    context.output.result(
      rebound,
      () =>
        `The keys of ${rebound.issuers.join(', ')} are proven in “${rebound.token.label}” (${rebound.token.serial}). The station uses it from now on.`,
    );
    return exitCodes.OK;
  } catch (thrown) {
    throw refused ?? thrown;
  } finally {
    off();
  }
}
