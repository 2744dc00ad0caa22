import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { Failure } from '../../contract/index.ts';

export interface MosquittoOptions {
  /** Where it will listen, for the failures. */
  readonly host: string;
  readonly port: number;
  readonly config: string;
  /** Folders to look for programs in, like PATH; Debian puts servers into /usr/sbin, which users do not have in theirs. */
  readonly searchPath: string;
  readonly onLine: (line: string) => void;
}

const startMs = 10_000;
const stopMs = 3_000;
const keptLines = 40;

/** Where `name` is; null when it is in none of the folders. */
export function findProgram(name: string, searchPath: string): string | null {
  for (const folder of searchPath.split(delimiter).filter((part) => part !== '')) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return null;
}

/** One running Mosquitto that ends with us, and whose log we read. */
export class MosquittoProcess {
  readonly #child: ChildProcess;
  readonly #where: { readonly host: string; readonly port: number };
  readonly #listeners = new Set<(line: string) => void>();
  readonly #recent: string[] = [];
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  #running = true;

  private constructor(child: ChildProcess, options: MosquittoOptions) {
    this.#child = child;
    this.#where = { host: options.host, port: options.port };
    this.exited = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    }).then(() => {
      this.#running = false;
    });
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // Only the line feed ends a line here: client ids may hold the other Unicode line separators.
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        this.#recent.push(line);
        if (this.#recent.length > keptLines) this.#recent.shift();
        options.onLine(line);
        for (const listener of [...this.#listeners]) listener(line);
      }
    });
  }

  /**
   * Resolves when Mosquitto says that it is running. BROKER_MISSING; UNKNOWN_CAUSE with its last words when it does not.
   * Whether the port is free is for the caller to find out.
   */
  static async start(options: MosquittoOptions): Promise<MosquittoProcess> {
    const program = findProgram('mosquitto', options.searchPath);
    if (program === null) throw new Failure('BROKER_MISSING', { path: 'mosquitto' });
    // The kernel ends it when we are killed (prctl PR_SET_PDEATHSIG); without setpriv the next start does (leftovers.ts).
    const setpriv = findProgram('setpriv', options.searchPath);
    const command = setpriv === null ? [program] : [setpriv, '--pdeathsig', 'KILL', '--', program];
    const [first = program, ...args] = [...command, '-c', options.config];
    const child = spawn(first, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const broker = new MosquittoProcess(child, options);
    try {
      await broker.line((line) => /^mosquitto version \S+ running$/u.test(line), startMs);
      return broker;
    } catch {
      await broker.stop();
      throw new Failure('UNKNOWN_CAUSE', { stage: 'broker start' }, broker.lastWords);
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get lastWords(): string {
    return this.#recent.join('\n');
  }

  /** Calls back with each line from now on; returns how to stop. */
  listen(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The next line that `wanted` accepts. Rejects with TIMEOUT, or BROKER_AWAY when the process ends first. */
  line(wanted: (line: string) => boolean, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        stop();
        finish();
      };
      const stop = this.listen((line) => {
        if (wanted(line)) settle(() => resolve(line));
      });
      const timer = setTimeout(() => settle(() => reject(new Failure('TIMEOUT', { what: 'Mosquitto', ms: timeoutMs }))), timeoutMs);
      void this.exited.then(() =>
        settle(() => reject(new Failure('BROKER_AWAY', { ...this.#where, stage: 'the broker stopped' }, this.lastWords))),
      );
    });
  }

  /** Tells it to read its files again; resolves when it has begun to: whoever connects from now on is judged by them. */
  async reload(timeoutMs: number): Promise<void> {
    const begun = this.line((line) => line === 'Reloading config.', timeoutMs);
    this.#child.kill('SIGHUP');
    // It looks at signals only between two waits of 100 ms; any connection ends the wait (50 ms less, measured).
    const nudge = connect(this.#where);
    nudge.on('error', () => undefined);
    await begun.finally(() => nudge.destroy());
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), stopMs);
    await this.exited;
    clearTimeout(hard);
  }
}
