import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** This computer as its administrator finds it, in folders of our own: what is changed in /etc, /usr/local, /var/lib, /var/log and /run is gone with it. */
export class CleanTree {
  readonly dir: string;
  readonly #shell: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(dir: string, shell: ChildProcess, lines: AsyncIterator<string>) {
    this.dir = dir;
    this.#shell = shell;
    this.#lines = lines;
  }

  static async open(): Promise<CleanTree> {
    const dir = mkdtempSync(join(tmpdir(), 'birthmark-tree-'));
    const script = resolve('test/support/clean-tree.sh');
    const shell = spawn('unshare', ['--mount', '--propagation', 'private', script, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (shell.stdout === null) throw new Error('the shell has no output');
    const tree = new CleanTree(dir, shell, createInterface({ input: shell.stdout })[Symbol.asyncIterator]());
    if ((await tree.#lines.next()).value !== 'ready') throw new Error('no tree of our own: this needs root, and unshare');
    return tree;
  }

  /** One line of shell; what it said, and how it ended. */
  async run(line: string): Promise<{ readonly code: number; readonly out: string }> {
    this.#shell.stdin?.write(`${line}\n`);
    const out: string[] = [];
    for (;;) {
      const next = await this.#lines.next();
      if (next.done === true) throw new Error(`the shell ended: ${out.join('\n')}`);
      const ended = /^ended (\d+)$/u.exec(next.value);
      if (ended !== null) return { code: Number(ended[1]), out: out.join('\n') };
      out.push(next.value);
    }
  }

  async close(): Promise<void> {
    const exited = once(this.#shell, 'exit');
    this.#shell.stdin?.end();
    await exited;
    rmSync(this.dir, { recursive: true, force: true });
  }
}
