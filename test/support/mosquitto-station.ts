import { readFileSync } from 'node:fs';
import { LocalBrokerHost, type LocalBrokerHostOptions, type Publication } from '../../src-main/station/broker/index.ts';
import { systemClock } from '../../src-main/station/clock.ts';

/** A process that is nothing but a station's broker host, to be killed: `node mosquitto-station.ts INPUT.json`. */
export interface StationInput {
  readonly options: Omit<LocalBrokerHostOptions, 'clock'>;
  readonly publication: Publication;
}

const input = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as StationInput;
const host = new LocalBrokerHost({ ...input.options, clock: systemClock });
await host.start();
await host.publish(input.publication);
process.stdout.write(`up ${host.endpoint.port}\n`);
