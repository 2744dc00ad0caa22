import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Failure,
  logBugsTo,
  version,
  type CallInput,
  type CallName,
  type CallOutput,
  type EventName,
  type EventPayload,
} from '../contract/index.ts';
import { levelOf, levels, sayBug, sendLinesTo, type Level, type LogLine } from '../log/index.ts';
import { openStationLog, type StationLog } from '../log/station-log.ts';
import {
  catchOutput,
  childProcessServices,
  defaultDataFolder,
  guardProcess,
  openStation,
  whySignerDied,
  type Owner,
  type RunningStation,
  type StationParts,
} from '../service-host/index.ts';
import type { StationConfig } from '../station/config.ts';
import type { Output } from './output.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** `--data DIR`, else where the app of this user keeps its station. */
export function dataFolder(given: string | undefined): string {
  if (given === '') throw new Failure('INVALID_INPUT', { field: '--data', problem: 'a folder is needed' });
  if (given !== undefined) return resolve(given);
  return defaultDataFolder(process.env);
}

type Listener = (name: string, payload: unknown) => void;

/** What is shipped: profiles, templates. */
export const resourcesDir = join(root, 'resources');

/** Against reading the PINs that are typed here. */
const guard = join(root, 'build/process-guard/process-guard.node');

export interface StationProcessOptions {
  readonly dataDir: string;
  readonly parts: StationParts;
  readonly kind: 'command' | 'serve';
  /** Asked for each call: a sign-in may come while the command runs. */
  readonly credential: () => string | null;
}

/** The station of a data folder: the one that runs, else one that this command runs for as long as it works. */
export class StationProcess {
  readonly #station: Promise<RunningStation>;
  readonly #log: StationLog;
  readonly #listeners = new Set<Listener>();
  readonly #credential: () => string | null;
  /** Rejects with STATION_GONE when the program that ran the station ends. */
  readonly gone: Promise<never>;

  constructor(output: Output, { dataDir, parts, kind, credential }: StationProcessOptions) {
    const station: StationConfig = { dataDir, ...parts, resourcesDir, agentPath: join(root, 'build/device-agent/device-agent') };
    this.#credential = credential;
    this.#log = openStationLog({ dataDir, level: logLevel(), onTrouble: (text) => output.note(text) });
    const log = {
      level: this.#log.level,
      write: (line: LogLine): void => {
        this.#log.write(line);
        // That a service had to be started again explains what a person sees.
        if (line.component === 'supervisor' && line.level === 'warn') output.note(line.message);
      },
    };
    sendLinesTo(log.write, log.level);
    guardProcess(guard);
    logBugsTo(sayBug);
    let onGone = (): void => undefined;
    this.gone = new Promise((_resolve, reject) => (onGone = () => reject(new Failure('STATION_GONE'))));
    this.gone.catch(() => undefined);
    this.#station = openStation({
      dataDir,
      version,
      face: 'command-line',
      kind,
      parts,
      services: {
        spawn: childProcessServices({
          entry: { station: join(root, 'out/services/station.cjs'), signer: join(root, 'out/services/signer.cjs') },
          execPath: process.execPath,
          onOutput: catchOutput(log),
        }),
        config: { station, signer: { dataDir, pinPad: join(root, 'build/pin-pad/libpin-pad.so'), guard } },
        whySignerDied: (inspecting) => whySignerDied(dataDir, inspecting),
      },
      onEvent: (name, payload) => {
        for (const listener of [...this.#listeners]) listener(name, payload);
      },
      onGone,
      log,
    });
    this.#station.catch(() => undefined);
  }

  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    return (await (await this.#station).call(name, input, this.#credential())) as CallOutput<N>;
  }

  /** The program that runs the station, where that is another one. */
  async owner(): Promise<Owner | null> {
    return (await this.#station).owner;
  }

  /** Every event, as it comes. */
  onEvery(listener: (name: string, payload: unknown) => void): void {
    this.#listeners.add(listener);
  }

  on<N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void): () => void {
    const wrapped: Listener = (name, payload) => {
      if (name === event) listener(payload as EventPayload<N>);
    };
    this.#listeners.add(wrapped);
    return () => this.#listeners.delete(wrapped);
  }

  async stop(): Promise<void> {
    const station = await this.#station.catch(() => null);
    await station?.stop();
    await this.#log.close();
  }
}

/** INVALID_INPUT for a word that is no level. */
function logLevel(): Level {
  const level = levelOf(process.env['BIRTHMARK_LOG_LEVEL']);
  if (level === null) throw new Failure('INVALID_INPUT', { field: 'BIRTHMARK_LOG_LEVEL', problem: `must be one of ${levels.join(', ')}` });
  return level;
}
