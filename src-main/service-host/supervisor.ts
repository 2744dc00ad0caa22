import { calls, Failure, type CallInput, type CallName, type CallOrigin, type CallOutput, type Service } from '../contract/index.ts';
import { ServiceHost } from './service-host.ts';
import type { SpawnService } from './wire.ts';

export interface SupervisorOptions {
  readonly spawn: SpawnService;
  readonly config: Readonly<Record<Service, unknown>>;
  /** `to`: for one connection only; without it every face hears of it. */
  readonly onEvent: (name: string, payload: unknown, to?: string) => void;
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
        onEvent: (name, payload, to) => {
          // The signer speaks to the station only; the station decides what the front end hears.
          if (service === 'signer') {
            if (name === 'signer.stuck') this.#hosts.signer.kill();
            else this.#hosts.station.tell(name, payload);
          } else options.onEvent(name, payload, to);
        },
        onPeerCall: (name, input) => this.#hosts[other].call(name, input, null),
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
  async call<N extends CallName>(name: N, input: CallInput<N>, origin: CallOrigin): Promise<CallOutput<N>> {
    // A call may come from any program of this user.
    if (!Object.hasOwn(calls, name)) throw new Failure('INVALID_INPUT', { field: 'call', problem: `there is no call “${name}”` });
    const { service } = calls[name];
    // The signer knows no operators: the station says whether this caller may, without seeing the PIN.
    if (service === 'signer') await this.#hosts.station.authorize(name, requestIdOf(input), origin);
    return (await this.#hosts[service].call(name, input, origin)) as CallOutput<N>;
  }

  pid(service: Service): number | undefined {
    return this.#hosts[service].pid;
  }

  async stop(): Promise<void> {
    await this.#hosts.station.stop();
    await this.#hosts.signer.stop();
  }
}

/** The PIN request that a call of the signer's answers; empty where the input is none, which the signer refuses by name. */
function requestIdOf(input: unknown): string {
  const id = typeof input === 'object' && input !== null && 'requestId' in input ? input.requestId : undefined;
  return typeof id === 'string' ? id : '';
}
