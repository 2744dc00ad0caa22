import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real program behind a serial port: it runs on a terminal of its own, and is started again when it exits. */
export class PtyProgram {
  readonly dir = mkdtempSync(join(tmpdir(), 'birthmark-console-'));
  readonly path = join(this.dir, 'port');
  readonly #program: readonly string[];
  #child: ChildProcess | null = null;

  constructor(...program: readonly string[]) {
    this.#program = program;
  }

  async start(): Promise<this> {
    const child = spawn('python3', [join(import.meta.dirname, '..', 'pty_program.py'), this.path, ...this.#program], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, TERM: 'vt100', HISTFILE: '/dev/null' },
    });
    this.#child = child;
    await new Promise<void>((done, failed) => {
      child.once('exit', () => failed(new Error('python3 could not open a pseudo terminal')));
      child.stderr.once('data', () => done());
    });
    return this;
  }

  /** The port hangs up; the program’s terminal, too. */
  async unplug(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((done) => child.once('exit', done));
    child.stdin?.end();
    await exited;
    rmSync(this.path, { force: true });
  }

  async dispose(): Promise<void> {
    await this.unplug();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
