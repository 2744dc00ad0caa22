import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Failure } from '../../contract/index.ts';
import type { Setting, Settings } from '../registry/index.ts';
import { simulatedFaults } from './faults.ts';
import { SimulatedBench } from './simulated-bench.ts';

export interface TryOutBenchOptions {
  readonly agentPath: string;
  readonly dataDir: string;
  readonly slots: number;
  readonly settings: Pick<Settings, 'get' | 'set'>;
}

type Plugged = Setting<'bench'>[number];

/** The simulated units of a try-out station; which one sits where is remembered, like on a real bench after a restart. */
export class TryOutBench {
  readonly #options: TryOutBenchOptions;
  readonly #bench: SimulatedBench;

  constructor(options: TryOutBenchOptions) {
    this.#options = options;
    this.#bench = new SimulatedBench({ agentPath: options.agentPath, dir: join(options.dataDir, 'fixture'), slots: options.slots });
  }

  units(): { slot: number; hardwareId: string | null; fault: string | null }[] {
    const plugged = this.#remembered();
    return Array.from({ length: this.#options.slots }, (_, index) => {
      const unit = plugged.find((one) => one.slot === index + 1);
      return { slot: index + 1, hardwareId: unit?.hardwareId ?? null, fault: unit?.fault ?? null };
    });
  }

  /** A new unit, or the one with this hardware id and all that it has stored. */
  async plug(slot: number, unit: { hardwareId?: string; fault?: string }): Promise<void> {
    if (slot > this.#options.slots) throw new Failure('NOT_FOUND', { kind: 'slot', id: String(slot) });
    if (unit.fault !== undefined && !simulatedFaults.some((fault) => fault.name === unit.fault))
      throw new Failure('NOT_FOUND', { kind: 'fault', id: unit.fault });
    const hardwareId = unit.hardwareId ?? `SIM-${randomBytes(4).toString('hex').toUpperCase()}`;
    await this.unplug(slot);
    await this.#bench.plug(slot, { hardwareId, ...(unit.fault === undefined ? {} : { fault: unit.fault }) });
    this.#remember([...this.#remembered(), { slot, hardwareId, fault: unit.fault ?? null }]);
  }

  async unplug(slot: number): Promise<void> {
    await this.#bench.unplug(slot);
    this.#remember(this.#remembered().filter((one) => one.slot !== slot));
  }

  /** Plugs in what was plugged in when the station was last left; returns the slots. */
  async restore(): Promise<number[]> {
    const units = this.#remembered();
    for (const { slot, hardwareId, fault } of units) await this.#bench.plug(slot, { hardwareId, ...(fault === null ? {} : { fault }) });
    return units.map((unit) => unit.slot);
  }

  close(): Promise<void> {
    return this.#bench.close();
  }

  #remembered(): Plugged[] {
    return this.#options.settings.get('bench') ?? [];
  }

  #remember(units: Plugged[]): void {
    this.#options.settings.set('bench', units);
  }
}
