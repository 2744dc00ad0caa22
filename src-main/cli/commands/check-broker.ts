import { exitCodes } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { targetOf } from './client-options.ts';
import { inWords, stepsTable } from './verify-text.ts';

export async function checkBroker(context: CommandContext): Promise<number> {
  const port = (name: string, fallback: number): number => context.values.number(name, { min: 0, max: 65_535, fallback });
  const station = context.start({ broker: true, line: 'off' });
  const found = await station.call('verify.checkup', {
    target: targetOf(context),
    mqttPort: port('mqtt-port', 1883),
    websocketsPort: port('websockets-port', 9001),
    timeoutMs: port('timeout', 5) * 1_000,
  });
  const checks = found.checks.map((check) => ({ ...check, failure: inWords(check.failure) }));
  context.output.result({ ...found, checks }, () => `${found.host}:${String(found.port)}\n\n${stepsTable(found.checks)}`);
  const failures = found.checks.flatMap(({ failure }) => failure ?? []);
  const [first, ...others] = failures;
  if (first === undefined) return exitCodes.OK;
  const exitCode = context.output.failure(first);
  for (const failure of others) context.output.explain(failure);
  return exitCode;
}
