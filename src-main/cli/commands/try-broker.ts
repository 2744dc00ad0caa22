import { exitCodes, Failure, type FailureData } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import type { StationProcess } from '../station-process.ts';
import { identityOf, mqttOf, targetOf, tlsOf } from './client-options.ts';
import { inWords, verificationText } from './verify-text.ts';

/** Connects as the client that the options name, and explains what went wrong. */
export async function tryBroker(context: CommandContext): Promise<number> {
  const target = targetOf(context);
  const identity = await identityOf(context);
  const device = context.values.text('device') ?? null;
  const [tls, mqtt] = [tlsOf(context), mqttOf(context)];
  const timeoutMs = context.values.number('timeout', { min: 1, max: 60, fallback: 5 }) * 1_000;
  const station = context.start({ broker: true, line: identity === null ? 'watch' : 'off' });
  if (identity === null) return verifyUnit(context, station, device ?? '');
  const found = await station.call('verify.connection', { target, identity, tls, mqtt, device, timeoutMs });
  context.output.result({ ...found, diagnosis: inWords(found.diagnosis) }, () => verificationText(found));
  return ended(context, found.diagnosis);
}

/** The key is on the device: only the unit itself can connect with it. */
async function verifyUnit(context: CommandContext, station: StationProcess, device: string): Promise<number> {
  const { slot, connected, stage, detail } = await station.call('verify.device', { device });
  const failure = connected ? null : new Failure('SELFTEST_FAILED', { stage }, detail).toData();
  context.output.result({ device, slot, connected, stage, detail, diagnosis: inWords(failure) }, () =>
    connected ? `${device} in slot ${String(slot)} connected, with its own key` : `${device} in slot ${String(slot)} could not connect`,
  );
  return ended(context, failure);
}

function ended(context: CommandContext, failure: FailureData | null): number {
  if (failure === null) return exitCodes.OK;
  return context.output.failure(failure);
}
