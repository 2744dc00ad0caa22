import { calls, type CallInput, type CallName, type CallOutput, type Failure, type Service } from '../contract/index.ts';
import { ServiceHost } from './service-host.ts';
import type { SpawnService } from './wire.ts';

export interface SupervisorOptions {
  readonly spawn: SpawnService;
  readonly config: Readonly<Record<Service, unknown>>;
  readonly onEvent: (name: string, payload: unknown) => void;
  readonly log: (line: string) => void;
  /** Why the signer ended unasked, for the calls that were pending; `whySignerDied` of its data folder. */
  readonly whySignerDied?: () => Failure;
}

/** Runs station and signer side by side and carries the calls between them. The signer's session survives a crash of the station. */
export class Supervisor {
  readonly #hosts: Record<Service, ServiceHost>;

  constructor(options: SupervisorOptions) {
    const host = (service: Service, other: Service): ServiceHost =>
      new ServiceHost({
        service,
        spawn: options.spawn,
        config: options.config[service],
        onEvent: (name, payload) => {
          // The signer speaks to the station only; the station decides what the front end hears.
          if (service === 'signer') {
            if (name === 'signer.stuck') this.#hosts.signer.kill();
            else this.#hosts.station.tell(name, payload);
          } else options.onEvent(name, payload);
        },
        onPeerCall: (name, input) => this.#hosts[other].call(name, input),
        ...(service === 'signer' && options.whySignerDied !== undefined ? { whyDied: options.whySignerDied } : {}),
        onState: (state, how) => {
          options.log(`${service} service ${state}: ${how}`);
          options.onEvent('service.changed', { service, state });
          if (service === 'signer' && state === 'up') this.#hosts.station.tell('signer.up', {});
        },
      });
    const signer = host('signer', 'station');
    this.#hosts = { signer, station: host('station', 'signer') };
  }

  /** One call of the contract, sent to the service that the table names. Input and output are validated by the service. */
  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    return (await this.#hosts[calls[name].service].call(name, input)) as CallOutput<N>;
  }

  pid(service: Service): number | undefined {
    return this.#hosts[service].pid;
  }

  async stop(): Promise<void> {
    await this.#hosts.station.stop();
    await this.#hosts.signer.stop();
  }
}
