import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Failure, type CallInput, type FailureData, type PinRequest } from '../contract/index.ts';
import type { StationConfig } from '../station/config.ts';
import type { Output } from './output.ts';
import { pinTermsLines } from './pin-terms.ts';
import { readSecret } from './pin.ts';
import { dataFolder, StationProcess } from './station-process.ts';

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Words that may follow the command’s name, each with what comes after it (empty for nothing). One of them is needed, where there are any. */
  readonly actions?: Readonly<Record<string, { readonly argument: string; readonly help: string }>>;
  /** Option → argument word (empty for a switch) and what it does. */
  readonly options: Readonly<Record<string, { readonly argument?: string; readonly multiple?: boolean; readonly help: string }>>;
  /** What may stand beside the options, where anything may. */
  readonly words?: string;
  /** Returns an exit code. */
  run(context: CommandContext): Promise<number>;
}

/** No option is called that. */
const wordsKey = '';

export const commonOptions: Command['options'] = {
  data: { argument: 'DIR', help: 'data folder of the station (default: $BIRTHMARK_DATA, else $XDG_DATA_HOME/birthmark)' },
  json: { help: 'one JSON object on standard output' },
  'pin-file': { argument: 'FILE', help: 'file with the token’s PIN, where one is needed; "-" reads standard input' },
  help: { help: 'this help, also -h' },
};

/** How to name a PKCS#11 module. */
export const moduleOptions: Command['options'] = {
  module: { argument: 'PATH', help: 'PKCS#11 module of the HSM' },
  'init-string': { argument: 'TEXT', help: 'string for C_Initialize, for modules that need one' },
  'module-env': {
    argument: 'NAME=VALUE',
    multiple: true,
    help: 'variable that the module wants, e.g. SOFTHSM2_CONF=…; kept with the station',
  },
};

/** What a command works with: its options, its output, and a station to start. */
export class CommandContext {
  readonly output: Output;
  readonly values: Values;
  #station: StationProcess | null = null;
  readonly #atEnd: (() => void)[] = [];

  constructor(output: Output, values: Values) {
    this.output = output;
    this.values = values;
  }

  /** The action of a command that has some, and what was given to it. */
  get action(): readonly [name: string, ...given: string[]] {
    const [name = '', ...given] = this.list(wordsKey);
    return [name, ...given];
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** What stood beside the options. */
  get words(): string[] {
    return this.list(wordsKey);
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
    // A folder that was ever taken is the station's to judge: a database that is gone is damage, not a new folder.
    if (!existsSync(join(dataDir, 'station.lock'))) throw new Failure('NOT_SET_UP');
    return this.startNew(parts, dataDir);
  }

  /** The same where a new station may be made. */
  startNew(parts: Pick<StationConfig, 'broker' | 'line'>, dataDir = dataFolder(this.text('data'))): StationProcess {
    this.#station = new StationProcess(this.output, { dataDir, ...parts });
    return this.#station;
  }

  /** Opens a signing session with the operator's PIN; on a try-out station with the published one. */
  async openSession(station: StationProcess, terms: CallInput<'sessions.request'>): Promise<void> {
    const { tryOut } = await station.call('station.status', {});
    const request = await station.call('sessions.request', terms);
    // The signer answers us and tells the station at the same time: go on when the station knows, too.
    const known = new Promise<void>((resolve) => {
      const off = station.on('session.changed', (session) => {
        if (session === null) return;
        off();
        resolve();
      });
    });
    await this.answerPin(station, request, tryOut);
    await known;
  }

  /** Gives the signer the PIN, or waits for it to be typed on the device. */
  async answerPin(station: StationProcess, { requestId, purpose, pinPad }: PinRequest, tryOut: boolean): Promise<void> {
    const asks = pinPad || (this.text('pin-file') === undefined && !tryOut);
    if (asks) for (const line of pinTermsLines(await station.call('pin.terms', { requestId }))) this.output.note(line);
    if (pinPad) {
      this.output.note(`${purpose}: type it on the device now. Ctrl-C gives up.`);
      await station.call('pin.onDevice', { requestId });
      return;
    }
    const pin = await readSecret({ file: this.text('pin-file'), option: '--pin-file', tryOut }, purpose);
    await station.call('pin.enter', { requestId, pin });
  }

  /** The station of the data folder where there is one; else one in a folder that goes away with the command. */
  startAnywhere(parts: Pick<StationConfig, 'broker' | 'line'>): StationProcess {
    const dataDir = dataFolder(this.text('data'));
    if (existsSync(join(dataDir, 'station.lock'))) return this.startNew(parts, dataDir);
    return this.startNew(parts, this.temporaryFolder());
  }

  temporaryFolder(): string {
    const path = mkdtempSync(join(tmpdir(), 'birthmark-'));
    this.atEnd(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  /** The PKCS#11 module that the options name; null without one. */
  module(): CallInput<'tokens.inspect'>['module'] | null {
    const path = this.text('module');
    const initString = this.text('init-string');
    if (path === undefined) return null;
    const env = this.list('module-env').map((text) => {
      const match = /^(\w+)=(.*)$/su.exec(text);
      if (match === null) throw new Failure('INVALID_INPUT', { field: '--module-env', problem: `"${text}" is not NAME=VALUE` });
      return [match[1] ?? '', match[2] ?? ''] as const;
    });
    return { path: resolve(path), env: Object.fromEntries(env), ...(initString === undefined ? {} : { initString }) };
  }

  /** Runs `task` when the station has stopped, however the command ends. */
  atEnd(task: () => void): void {
    this.#atEnd.push(task);
  }

  async stop(): Promise<void> {
    await this.#station?.stop();
    for (const task of this.#atEnd.splice(0)) task();
  }
}

/** Option values of one command; an unknown option is INVALID_INPUT. */
export function parseOptions(command: Command, args: readonly string[]): Values {
  const options: ParseArgsOptionsConfig = {};
  const damaged = args.find((arg) => arg.includes('\uFFFD'));
  if (damaged !== undefined) throw new Failure('INVALID_INPUT', { field: command.name, problem: `"${damaged}" is not UTF-8` });
  for (const [name, option] of Object.entries({ ...commonOptions, ...command.options })) {
    options[name] = option.argument === undefined ? { type: 'boolean' } : { type: 'string', multiple: option.multiple === true };
  }
  try {
    const allowPositionals = command.words !== undefined || command.actions !== undefined;
    const { values, positionals } = parseArgs({ args: [...args], options, strict: true, allowPositionals });
    if (command.actions !== undefined) mustBeAction(command.name, command.actions, positionals);
    return { ...values, [wordsKey]: positionals };
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw new Failure('INVALID_INPUT', {
      field: command.name,
      problem: oneLine(thrown instanceof Error ? thrown.message : String(thrown)),
    });
  }
}

function mustBeAction(command: string, actions: NonNullable<Command['actions']>, [name, ...given]: readonly string[]): void {
  const action = name === undefined ? undefined : actions[name];
  const refuse = (problem: string): Failure => new Failure('INVALID_INPUT', { field: command, problem });
  if (name === undefined || action === undefined)
    throw refuse(`${name === undefined ? 'say what to do' : `there is no "${name}"`}: one of ${Object.keys(actions).join(', ')}`);
  const needed = action.argument === '' ? 0 : 1;
  if (given.length < needed) throw refuse(`${name} needs ${action.argument}`);
  if (given.length > needed && !action.argument.endsWith('…'))
    throw refuse(`${name} takes ${needed === 0 ? 'nothing' : `one ${action.argument}`}, not "${given[needed] ?? ''}"`);
}

const oneLine = (text: string): string => text.replace(/\.?\n+/gu, '. ');

/** Fields of the contract whose option is called something else. */
const optionOf: Readonly<Record<string, string>> = {
  id: 'order',
  idPrefix: 'prefix',
  tokenLabel: 'token',
  slots: 'slot',
  ips: 'ip',
  hardwareId: 'hardware',
  devices: 'device',
  validityDays: 'days',
  password: 'password-file',
  at: 'connect',
};

/** INVALID_INPUT names a field of the contract; whoever typed a command line knows the option. */
export function withOptionNames(command: Command, failure: FailureData): FailureData {
  const field = String(failure.params['field'] ?? '').split('.')[0] ?? '';
  const option = optionOf[field] ?? field.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
  if (failure.code !== 'INVALID_INPUT' || command.options[option] === undefined) return failure;
  return { ...failure, params: { ...failure.params, field: `--${option}` } };
}

export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions }).map(([name, option]) => ({
    left: `  --${name}${option.argument === undefined ? '' : ` ${option.argument}`}`,
    help: `${option.help}${option.multiple === true ? ' (may be repeated)' : ''}`,
  }));
  const width = Math.max(...options.map(({ left }) => left.length)) + 2;
  const actions = Object.entries(command.actions ?? {}).map(([name, { argument, help }]) => ({
    left: `  ${name} ${argument}`.trimEnd(),
    help,
  }));
  const wide = Math.max(0, ...actions.map(({ left }) => left.length)) + 2;
  const listed = actions.length === 0 ? '' : `${actions.map(({ left, help }) => left.padEnd(wide) + help).join('\n')}\n\n`;
  return `birthmark ${command.name} — ${command.summary}\n\n${listed}${options.map(({ left, help }) => left.padEnd(width) + help).join('\n')}`;
}
