import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  calls,
  events,
  tryOutPin,
  unwrap,
  type CallInput,
  type CallName,
  type CallOutput,
  type CallParsed,
  type DoctorFinding,
  type EventName,
  type EventPayload,
  type Face,
  type Service,
  type SlotView,
} from '../../src-main/contract/index.ts';
import type { Level, LogLine } from '../../src-main/log/index.ts';
import { openStationLog, type StationLog } from '../../src-main/log/station-log.ts';
import { catchOutput, childProcessServices, Supervisor } from '../../src-main/service-host/index.ts';
import type { StationConfig } from '../../src-main/station/config.ts';
import { agentPath } from './agent.ts';

export interface TestStationOptions {
  readonly dataDir?: string;
  /** `window`: an operator signs in. Else the command line, which is an officer. */
  readonly face?: Face;
  readonly line?: StationConfig['line'];
  readonly broker?: boolean;
  /** Other profiles than those that are shipped. */
  readonly resourcesDir?: string;
  /** The lowest level of lines in the log: `info`. */
  readonly logLevel?: Level;
  /** Another entry for the station service, for example one that kills itself. */
  readonly entry?: string;
}

/** Less than a test may take, so that what went wrong is told with the log. */
const waitMs = 300_000;

type Listener = (name: string, payload: unknown) => void;

/** A whole station on a folder of its own: both services as child processes, from source. */
export class TestStation {
  readonly dataDir: string;
  /** The messages of all lines of the log. */
  readonly log: string[] = [];
  readonly #options: TestStationOptions;
  readonly #listeners = new Set<Listener>();
  readonly #connection = randomUUID();
  readonly #face: Face;
  #credential: string | null = null;
  #supervisor: Supervisor;
  readonly #log: StationLog;

  constructor(options: TestStationOptions = {}) {
    if (!existsSync(agentPath)) throw new Error(`missing: ${agentPath}; build it with make -C native/device-agent`);
    this.#options = options;
    this.#face = options.face ?? 'command-line';
    this.dataDir = options.dataDir ?? TestStation.folder();
    this.#log = openStationLog({ dataDir: this.dataDir, level: options.logLevel ?? 'info', onTrouble: (text) => void this.log.push(text) });
    this.#supervisor = this.#start();
  }

  static folder(): string {
    return mkdtempSync(join(tmpdir(), 'birthmark-station-'));
  }

  /** A try-out station with an open signing session and empty slots. */
  static async tryOut(slots = 1, options: TestStationOptions = {}): Promise<TestStation> {
    const station = new TestStation(options);
    await station.call('station.tryOut', { slots, plug: false });
    return station;
  }

  #start(): Supervisor {
    const { line = 'auto', broker = true, entry, resourcesDir = resolve('resources') } = this.#options;
    const station: StationConfig = { dataDir: this.dataDir, resourcesDir, agentPath, broker, line };
    const log = {
      level: this.#log.level,
      write: (line: LogLine): void => {
        this.log.push(line.message);
        this.#log.write(line);
      },
    };
    return new Supervisor({
      spawn: childProcessServices({
        entry: { station: entry ?? resolve('out/services/station.cjs'), signer: resolve('out/services/signer.cjs') },
        execPath: process.execPath,
        onOutput: catchOutput(log),
      }),
      config: { station, signer: { dataDir: this.dataDir, pinPad: null, guard: null } },
      onEvent: (name, payload) => {
        for (const listener of [...this.#listeners]) listener(name, payload);
      },
      log,
    });
  }

  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const value = await this.#supervisor.call(name, input, {
      face: this.#face,
      connection: this.#connection,
      credential: this.#credential,
    });
    if (name === 'operators.signIn') this.#credential = calls['operators.signIn'].output.parse(value).credential;
    if (name === 'operators.signOut') this.#credential = null;
    if (name === 'station.init') await this.#signInAs(calls['station.init'].input.parse(input));
    return calls[name].output.parse(value) as CallOutput<N>;
  }

  /** Whoever sets a station up is its first officer. */
  async #signInAs({ officer, password }: CallParsed<'station.init'>): Promise<void> {
    if (this.#face === 'command-line') await this.call('operators.signIn', { name: officer, password: password ?? '' });
  }

  on<N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void): () => void {
    const wrapped: Listener = (name, payload) => {
      if (name === event) listener(events[event].parse(payload) as EventPayload<N>);
    };
    this.#listeners.add(wrapped);
    return () => this.#listeners.delete(wrapped);
  }

  /** The first event from now on that `wanted` accepts. Rejects with the log when there is none for long. */
  waitFor<N extends EventName>(event: N, wanted: (payload: EventPayload<N>) => boolean): Promise<EventPayload<N>> {
    return new Promise((found, failed) => {
      let last: unknown;
      const timer = setTimeout(() => {
        off();
        failed(new Error(`no ${event} as wanted; last ${JSON.stringify(last)}\n${this.log.slice(-20).join('\n')}`));
      }, waitMs);
      const off = this.on(event, (payload) => {
        last = payload;
        if (!wanted(payload)) return;
        clearTimeout(timer);
        off();
        found(payload);
      });
    });
  }

  /** A slot in one of these states, now or soon. */
  async slotIs(slot: number, ...states: SlotView['state'][]): Promise<SlotView> {
    const is = (view: SlotView): boolean => view.slot === slot && states.includes(view.state);
    const coming = this.waitFor('slot.changed', is);
    coming.catch(() => undefined);
    const now = (await this.call('line.slots', {})).find(is);
    return now ?? coming;
  }

  /** Plugs a unit in and waits for the end of its run. */
  async run(slot: number, unit: { fault?: string; hardwareId?: string } = {}): Promise<SlotView> {
    const ended = this.waitFor(
      'slot.changed',
      (view) => view.slot === slot && view.run !== null && view.state !== 'RUNNING' && view.state !== 'READY',
    );
    await this.call('bench.plug', { slot, ...unit });
    return ended;
  }

  async replug(slot: number): Promise<SlotView> {
    const hardwareId = unwrap((await this.call('bench.units', {})).find((unit) => unit.slot === slot)?.hardwareId, 'a unit is in the slot');
    await this.unplug(slot);
    return this.run(slot, { hardwareId });
  }

  async unplug(slot: number): Promise<void> {
    const empty = this.slotIs(slot, 'EMPTY');
    await this.call('bench.unplug', { slot });
    await empty;
  }

  /** Opens a signing session with the PIN of try-out tokens. */
  async openSession(terms: Partial<CallInput<'sessions.request'>> = {}): Promise<void> {
    const { requestId } = await this.call('sessions.request', { reason: 'test', ...terms });
    await this.call('pin.enter', { requestId, pin: Buffer.from(tryOutPin) });
  }

  /** What `birthmark doctor` finds wrong; empty when every invariant holds. */
  async problems(): Promise<string[]> {
    await this.call('publication.settle', {});
    return (await this.call('doctor.run', {})).flatMap((finding: DoctorFinding) => finding.problems);
  }

  pid(service: Service): number {
    return unwrap(this.#supervisor.pid(service), `the ${service} service runs`);
  }

  /** kill -9; resolves when the supervisor has the service running again. */
  async kill(service: Service): Promise<void> {
    const up = this.waitFor('service.changed', (change) => change.service === service && change.state === 'up');
    process.kill(this.pid(service), 'SIGKILL');
    await up;
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
    await this.#log.flush();
  }

  /** As after the computer was switched off and on: same folder, no session. */
  async reopen(): Promise<void> {
    await this.stop();
    this.#supervisor = this.#start();
  }

  async dispose(): Promise<void> {
    await this.stop();
    await this.#log.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
