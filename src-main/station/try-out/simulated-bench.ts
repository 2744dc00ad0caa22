import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Failure } from '../../contract/index.ts';
import { simulatedFaults } from './faults.ts';

export interface SimulatedBenchOptions {
  /** The device agent's host build. */
  readonly agentPath: string;
  /** Holds the slots' links and the units' memories. */
  readonly dir: string;
  readonly slots: number;
}

export interface PlugOptions {
  /** A unit that was plugged before keeps its memory; without it, a new unit comes from the box. */
  readonly hardwareId?: string;
  readonly model?: string;
  /** A name of `simulatedFaults`. */
  readonly fault?: string;
}

export interface SimulatedUnit {
  readonly slot: number;
  readonly hardwareId: string | null;
  readonly fault: string | null;
}

interface Plugged {
  readonly hardwareId: string;
  readonly fault: string | null;
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
}

/** A fixture with simulated units: each is a device agent on a pseudo terminal. They end when this process does, however it ends. */
export class SimulatedBench {
  readonly #options: SimulatedBenchOptions;
  readonly #units = new Map<number, Plugged>();

  constructor(options: SimulatedBenchOptions) {
    this.#options = options;
  }

  /** Where the station finds the units; a path exists while something is plugged in. */
  get places(): readonly { readonly slot: number; readonly path: string }[] {
    return Array.from({ length: this.#options.slots }, (_, index) => ({
      slot: index + 1,
      path: join(this.#options.dir, `slot-${String(index + 1)}`),
    }));
  }

  /**
   * Resolves when the unit can be opened.
   * @throws Failure NOT_FOUND (slot or fault), INVALID_INPUT (the slot is taken), SERVICE_CRASHED (the agent did not start).
   */
  async plug(
    slot: number,
    { hardwareId = newHardwareId(), model = 'Simulated sensor', fault }: PlugOptions = {},
  ): Promise<SimulatedUnit & { readonly hardwareId: string }> {
    const path = this.#place(slot);
    if (this.#units.has(slot)) throw new Failure('INVALID_INPUT', { field: 'slot', problem: `slot ${String(slot)} has a unit` });
    const known = simulatedFaults.find(({ name }) => name === fault);
    if (fault !== undefined && known === undefined) throw new Failure('NOT_FOUND', { kind: 'simulated fault', id: fault });
    const state = join(this.#options.dir, 'units', hardwareId);
    await mkdir(state, { recursive: true, mode: 0o700 });
    const faults = (known?.agentFaults ?? []).flatMap((name) => ['--fault', name]);
    const args = ['--state', state, '--hwid', hardwareId, '--model', model, '--fw', 'sim-1.0', '--link', path, ...faults];
    // Its standard input is ours: it ends when we do, even by kill -9.
    const child = spawn(this.#options.agentPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const exited = new Promise<void>((resolve) => {
      child.once('close', () => {
        if (this.#units.get(slot)?.process === child) this.#units.delete(slot);
        resolve();
      });
    });
    this.#units.set(slot, { hardwareId, fault: fault ?? null, process: child, exited });
    await ready(child);
    return { slot, hardwareId, fault: fault ?? null };
  }

  /** Nothing happens when the slot is empty. */
  async unplug(slot: number): Promise<void> {
    this.#place(slot);
    const unit = this.#units.get(slot);
    unit?.process.kill('SIGTERM');
    await unit?.exited;
  }

  units(): readonly SimulatedUnit[] {
    return this.places.map(({ slot }) => {
      const unit = this.#units.get(slot);
      return { slot, hardwareId: unit?.hardwareId ?? null, fault: unit?.fault ?? null };
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#units.keys()].map((slot) => this.unplug(slot)));
  }

  #place(slot: number): string {
    const place = this.places.find((candidate) => candidate.slot === slot);
    if (place === undefined) throw new Failure('NOT_FOUND', { kind: 'slot', id: String(slot) });
    return place.path;
  }
}

/** A locally administered MAC address, as many units have. */
const newHardwareId = (): string => `02${randomBytes(5).toString('hex').toUpperCase()}`;

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let errors = '';
    child.stderr?.on('data', (text: Buffer) => {
      errors = (errors + text.toString()).slice(-500);
    });
    const failed = (why: unknown): void => {
      reject(new Failure('SERVICE_CRASHED', { service: 'device agent' }, why));
    };
    child.once('error', failed);
    child.once('close', () => {
      failed(errors);
    });
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('READY ')) resolve();
      });
    }
  });
}
