import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Failure } from '../contract/index.ts';
import type { StationConfig } from '../station/config.ts';
import type { Output } from './output.ts';
import { readPin } from './pin.ts';
import { dataFolder, StationProcess } from './station-process.ts';

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Option → argument word (empty for a switch) and what it does. */
  readonly options: Readonly<Record<string, { readonly argument?: string; readonly multiple?: boolean; readonly help: string }>>;
  /** Returns an exit code. */
  run(context: CommandContext): Promise<number>;
}

export const commonOptions: Command['options'] = {
  data: { argument: 'DIR', help: 'data folder of the station (default: $XDG_DATA_HOME/birthmark)' },
  json: { help: 'one JSON object on standard output' },
  'pin-file': { argument: 'FILE', help: 'file with the token’s PIN; "-" reads standard input' },
  help: { help: 'this help' },
};

/** What a command works with: its options, its output, and a station to start. */
export class CommandContext {
  readonly output: Output;
  readonly values: Values;
  #station: StationProcess | null = null;

  constructor(output: Output, values: Values) {
    this.output = output;
    this.values = values;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  list(name: string): string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** A whole number within bounds; INVALID_INPUT names the option. */
  number(name: string, bounds: { min: number; max: number; fallback: number }): number {
    const text = this.text(name);
    if (text === undefined) return bounds.fallback;
    const number = Number(text);
    if (!/^\d+$/u.test(text) || number < bounds.min || number > bounds.max) {
      throw new Failure('INVALID_INPUT', {
        field: `--${name}`,
        problem: `must be a whole number from ${String(bounds.min)} to ${String(bounds.max)}`,
      });
    }
    return number;
  }

  /** Starts the station of the data folder; NOT_SET_UP when there is none. */
  start(parts: Pick<StationConfig, 'broker' | 'line'>): StationProcess {
    const dataDir = dataFolder(this.text('data'));
    if (!existsSync(join(dataDir, 'station.db'))) throw new Failure('NOT_SET_UP');
    return this.startNew(parts, dataDir);
  }

  /** The same where a new station may be made. */
  startNew(parts: Pick<StationConfig, 'broker' | 'line'>, dataDir = dataFolder(this.text('data'))): StationProcess {
    this.#station = new StationProcess(this.output, { dataDir, ...parts });
    return this.#station;
  }

  /** Opens a signing session with the operator's PIN; on a try-out station with the published one. */
  async openSession(
    station: StationProcess,
    terms: { kind: 'issue' | 'crl-only'; quota?: number; minutes: number; reason: string },
  ): Promise<void> {
    const { tryOut } = await station.call('station.status', {});
    const request = await station.call('sessions.request', terms);
    const pin = await readPin({ file: this.text('pin-file'), tryOut }, request.purpose);
    await station.call('pin.enter', { requestId: request.requestId, pin });
  }

  async stop(): Promise<void> {
    await this.#station?.stop();
  }
}

/** Option values of one command; an unknown option is INVALID_INPUT. */
export function parseOptions(command: Command, args: readonly string[]): Values {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, option] of Object.entries({ ...commonOptions, ...command.options })) {
    options[name] = option.argument === undefined ? { type: 'boolean' } : { type: 'string', multiple: option.multiple === true };
  }
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (thrown) {
    throw new Failure('INVALID_INPUT', { field: command.name, problem: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions }).map(([name, option]) => {
    const left = `  --${name}${option.argument === undefined ? '' : ` ${option.argument}`}`;
    return `${left.padEnd(28)}${option.help}${option.multiple === true ? ' (may be repeated)' : ''}`;
  });
  return `birthmark ${command.name} — ${command.summary}\n\n${options.join('\n')}`;
}
