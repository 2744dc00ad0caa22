import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { commandLine } from './birthmark.ts';

/** A station that `birthmark serve` runs, in a process of its own. */
export class Served {
  readonly process: ChildProcess;
  stderr = '';
  #stdout = '';

  private constructor(dataDir: string, options: readonly string[]) {
    this.process = spawn(process.execPath, [commandLine, 'serve', '--data', dataDir, '--json', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
  }

  /** Resolves when the station answers; rejects with what the command said when it ends before. */
  static async start(dataDir: string, options: readonly string[] = []): Promise<Served> {
    const served = new Served(dataDir, options);
    await new Promise<void>((ready, failed) => {
      served.process.stdout?.on('data', () => {
        if (served.#stdout.includes('\n')) ready();
      });
      served.process.once('exit', (code) => failed(new Error(`serve ended with ${String(code)}: ${served.stderr}`)));
    });
    return served;
  }

  /** The exit code. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return this.process.exitCode;
    const ended = once(this.process, 'exit') as Promise<[number | null]>;
    this.process.kill(signal);
    return (await ended)[0];
  }
}
