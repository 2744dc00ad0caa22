import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Failure,
  type CallInput,
  type CallName,
  type CallOrigin,
  type CallOutput,
  type EventName,
  type EventPayload,
} from '../contract/index.ts';
import { childProcessServices, defaultDataFolder, Supervisor, whySignerDied } from '../service-host/index.ts';
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

/** The station and the signer as child processes of this command. */
export class StationProcess {
  readonly #supervisor: Supervisor;
  readonly #listeners = new Set<Listener>();
  readonly #origin: CallOrigin = { face: 'command-line', connection: randomUUID(), credential: null };

  constructor(output: Output, config: Pick<StationConfig, 'dataDir' | 'broker' | 'line'>) {
    const full: StationConfig = {
      ...config,
      resourcesDir,
      agentPath: join(root, 'build/device-agent/device-agent'),
    };
    this.#supervisor = new Supervisor({
      spawn: childProcessServices({
        entry: { station: join(root, 'src-main/station/service.ts'), signer: join(root, 'src-main/signer/service.ts') },
        execPath: process.execPath,
        onOutput: (_service, text) => output.note(text.trimEnd()),
      }),
      config: { station: full, signer: { dataDir: full.dataDir, pinPad: join(root, 'build/pin-pad/libpin-pad.so') } },
      whySignerDied: () => whySignerDied(full.dataDir),
      onEvent: (name, payload) => {
        for (const listener of [...this.#listeners]) listener(name, payload);
      },
      log: (line) => {
        if (!line.endsWith('up: ready')) output.note(line);
      },
    });
  }

  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    return this.#supervisor.call(name, input, this.#origin);
  }

  on<N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void): () => void {
    const wrapped: Listener = (name, payload) => {
      if (name === event) listener(payload as EventPayload<N>);
    };
    this.#listeners.add(wrapped);
    return () => this.#listeners.delete(wrapped);
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }
}
