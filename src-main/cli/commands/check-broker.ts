import { catalogue, exitCodes } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { reportFailure } from '../output.ts';
import { targetOf, targetOptions } from './verify-options.ts';
import { inWords, stepsTable } from './verify-text.ts';

export const checkBroker: Command = {
  name: 'check-broker',
  summary: 'check how a broker is set up: TLS, certificates, revocation, access list, other listeners',
  options: {
    ...targetOptions,
    'mqtt-port': { argument: 'N', help: 'with --host: another MQTT listener to look at (default 1883; 0: none)' },
    'websockets-port': { argument: 'N', help: 'with --host: its listener for websockets (default 9001; 0: none)' },
    timeout: { argument: 'SECONDS', help: 'for each check, 1 to 60 (default 5)' },
  },
  async run(context) {
    const port = (name: string, fallback: number): number => context.number(name, { min: 0, max: 65_535, fallback });
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
    if (!context.output.json) for (const failure of failures) reportFailure(context.output, failure);
    const [first] = failures;
    return first === undefined ? exitCodes.OK : exitCodes[catalogue[first.code].exit];
  },
};
