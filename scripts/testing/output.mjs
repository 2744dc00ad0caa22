import { spawn } from 'node:child_process';
import { root } from '../setup/paths.mjs';

/** What a stage says. Kept until the stage ends where others run beside it, so that their lines do not mix. */
export class Output {
  #kept = [];
  #live;

  constructor(live) {
    this.#live = live;
  }

  write(text) {
    if (this.#live) process.stdout.write(text);
    else this.#kept.push(text);
  }

  line(text) {
    this.write(`${text}\n`);
  }

  /**
   * Runs a program; what it writes is the stage's output.
   * @param {string} program
   * @param {readonly string[]} args
   * @param {Record<string, string>} [env]
   * @returns {Promise<boolean>} whether it ended with exit code 0
   */
  async run(program, args, env = {}) {
    return (await this.#spawn(program, args, env, (chunk) => this.write(chunk))) === 0;
  }

  /** As `run`, but answers what the program wrote to its standard output. */
  async read(program, args) {
    const chunks = [];
    await this.#spawn(program, args, {}, (chunk) => void chunks.push(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }

  async #spawn(program, args, env, onStdout) {
    const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...color, ...env } });
    child.stdout.on('data', onStdout);
    child.stderr.on('data', (chunk) => this.write(chunk));
    return new Promise((done, fail) => {
      child.once('error', fail);
      child.once('close', done);
    });
  }

  /** Prints what was kept. */
  show() {
    for (const text of this.#kept) process.stdout.write(text);
    this.#kept = [];
  }
}
