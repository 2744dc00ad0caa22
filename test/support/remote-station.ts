import { readFileSync } from 'node:fs';
import { RemoteBrokerHost, type Publication, type RemoteBrokerHostOptions } from '../../src-main/station/broker/index.ts';
import { systemClock } from '../../src-main/station/clock.ts';

/** A process that is nothing but a station that publishes to a remote host, to be killed: `node remote-station.ts INPUT.json`. */
interface Input {
  readonly options: Omit<RemoteBrokerHostOptions, 'clock'>;
  readonly publication: Publication;
}

const input = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Input;
const host = new RemoteBrokerHost({ ...input.options, clock: systemClock, onTime: () => undefined });
await host.start();
process.stdout.write('publishing\n');
await host.publish(input.publication);
await host.stop();
