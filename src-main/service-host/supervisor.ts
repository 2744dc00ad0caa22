import { randomUUID } from 'node:crypto';
import { calls, Failure, toFailureData, type CallName, type CallOrigin, type Service } from '../contract/index.ts';
import { briefMs, secretsInUse, type Component, type Ids, type Level, type LogLine } from '../log/index.ts';
import { ServiceHost } from './service-host.ts';
import type { SpawnService } from './wire.ts';

/** Where the lines of the services and of their supervisor go; `level` is the lowest that services send. */
export interface SupervisorLog {
  readonly level: Level;
  write(line: LogLine): void;
}

export interface SupervisorOptions {
  readonly spawn: SpawnService;
  readonly config: Readonly<Record<Service, unknown>>;
  /** `to`: for these connections only; without it every face hears of it. */
  readonly onEvent: (name: string, payload: unknown, to?: readonly string[]) => void;
  readonly log: SupervisorLog;
  /** Why the signer ended unasked, for the calls that were pending; `whySignerDied` of its data folder. */
  readonly whySignerDied?: (inspecting: boolean) => Failure;
}

/** A line of whoever runs the services. */
export const supervisorLine = (level: Level, message: string): LogLine => ({
  level,
  component: 'supervisor',
  message,
  time: new Date().toISOString(),
  ids: {},
  facts: {},
});

const isCall = (name: string): name is CallName => Object.hasOwn(calls, name);

/** It is in the signer's hands now; the log looks for it in what is printed a little later. */
function wipePin(input: unknown): void {
  const pin = typeof input === 'object' && input !== null && 'pin' in input ? input.pin : null;
  if (pin instanceof Uint8Array) setTimeout(() => pin.fill(0), briefMs).unref();
}

/** Runs station and signer side by side and carries the calls between them. The signer's session survives a crash of the station. */
export class Supervisor {
  readonly #hosts: Record<Service, ServiceHost>;
  readonly #options: SupervisorOptions;
  /** The newest origin of each connection, for a station that starts again. */
  readonly #faces = new Map<string, CallOrigin>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
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
        onPeerCall: (name, input, ids) =>
          name === 'token.inspect' ? this.#inspect(input, ids) : this.#hosts[other].call(name, input, null, ids),
        logLevel: options.log.level,
        onLine: (line) => options.log.write(line),
        ...(service === 'signer' ? this.#whyDied(false) : {}),
        onState: (state, how) => {
          this.#say(state === 'up' ? 'info' : 'warn', 'supervisor', `${service} service ${state}: ${how}`, {});
          options.onEvent('service.changed', { service, state });
          if (service === 'signer' && state === 'up') this.#hosts.station.tell('signer.up', {});
          if (service === 'station' && state === 'up')
            for (const origin of this.#faces.values()) this.#hosts.station.inform({ kind: 'face', origin });
        },
      });
    const signer = host('signer', 'station');
    this.#hosts = { signer, station: host('station', 'signer') };
  }

  /** One call of the contract, sent to the service that the table names. Input and output are validated by the service. */
  async call(name: string, input: unknown, origin: CallOrigin): Promise<unknown> {
    // A call may come from any program of this user.
    if (!isCall(name)) throw new Failure('INVALID_INPUT', { field: 'call', problem: `there is no call “${name}”` });
    this.#faces.set(origin.connection, origin);
    const ids = { call: randomUUID() };
    const began = performance.now();
    const tell = (level: Level, code: string): void =>
      this.#say(level, 'call', name, ids, { code, face: origin.face, ms: Math.round((performance.now() - began) * 10) / 10 });
    const answer = secretsInUse.during(
      { input, origin },
      async () => {
        try {
          const value = await this.#sent(name, input, origin, ids);
          // Whoever may only look makes calls that change nothing.
          tell(calls[name].roles.some((role) => role === 'support') ? 'debug' : 'info', 'OK');
          return value;
        } catch (thrown) {
          tell('warn', toFailureData(thrown).code);
          throw thrown;
        }
      },
      briefMs,
    );
    return answer.finally(() => wipePin(input));
  }

  /** No call comes from this connection any more. */
  left(connection: string): void {
    this.#faces.delete(connection);
    this.#hosts.station.inform({ kind: 'face-left', connection });
  }

  async #sent(name: CallName, input: unknown, origin: CallOrigin, ids: Ids): Promise<unknown> {
    const { service } = calls[name];
    // The signer knows no operators: the station says whether this caller may, without seeing the PIN.
    if (service === 'signer') await this.#hosts.station.authorize(name, requestIdOf(input), origin, ids);
    return this.#hosts[service].call(name, input, origin, ids);
  }

  /** How a call ended stands in the log, never what was asked or answered. */
  #say(level: Level, component: Component, message: string, ids: Ids, facts: LogLine['facts'] = {}): void {
    this.#options.log.write({ ...supervisorLine(level, message), component, ids, facts });
  }

  #whyDied(inspecting: boolean): { readonly whyDied?: () => Failure } {
    const why = this.#options.whySignerDied;
    return why === undefined ? {} : { whyDied: () => why(inspecting) };
  }

  /** A module that the signer does not use is loaded in a process that never sees a PIN, since a library's code runs at once. */
  async #inspect(input: unknown, ids: Ids): Promise<unknown> {
    try {
      return await this.#hosts.signer.call('token.inspect', input, null, ids);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'MODULE_NOT_ALLOWED') throw thrown;
    }
    const { spawn, config, log } = this.#options;
    const inspector = new ServiceHost({
      service: 'signer',
      spawn,
      config: { ...(config.signer as object), inspecting: true },
      onEvent: (name) => {
        if (name === 'signer.stuck') inspector.kill();
      },
      onPeerCall: (name) => Promise.reject(new Error(`an inspecting signer called ${name}`)),
      logLevel: log.level,
      onLine: (line) => log.write(line),
      ...this.#whyDied(true),
      onState: (state, how) => this.#say(state === 'up' ? 'debug' : 'warn', 'supervisor', `inspecting signer ${state}: ${how}`, ids),
    });
    try {
      return await inspector.call('token.inspect', input, null, ids);
    } finally {
      await inspector.stop();
    }
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
