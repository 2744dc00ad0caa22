import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { median, type Figure } from './figure.ts';

const rounds = 11;

/** CPU seconds of every process that a command line ran in, its services too: each writes its own when it ends. */
class CpuClock {
  readonly #folder = mkdtempSync(join(tmpdir(), 'birthmark-bench-cli-'));
  readonly #hook = join(this.#folder, 'hook.mjs');

  constructor() {
    writeFileSync(
      this.#hook,
      `import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeFileSync(\`\${process.env.BIRTHMARK_CPU_FOLDER}/cpu-\${process.pid}\`, String(user + system));
});
`,
    );
  }

  seconds(args: readonly string[]): number {
    const env = { ...process.env, NODE_OPTIONS: `--import=${pathToFileURL(this.#hook).href}`, BIRTHMARK_CPU_FOLDER: this.#folder };
    const { status, stderr } = spawnSync(process.execPath, [resolve('scripts/birthmark.mjs'), ...args], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`birthmark ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
    const files = readdirSync(this.#folder).filter((name) => name.startsWith('cpu-'));
    const microseconds = files.reduce((sum, name) => sum + Number(readFileSync(join(this.#folder, name), 'utf8')), 0);
    for (const name of files) rmSync(join(this.#folder, name));
    return microseconds / 1e6;
  }

  typical(args: readonly string[]): number {
    return median(Array.from({ length: rounds }, () => this.seconds(args)));
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** CPU time of the shortest command, and of those that people wait for. */
export function cli(): Promise<Figure> {
  const clock = new CpuClock();
  const data = join(mkdtempSync(join(tmpdir(), 'birthmark-bench-cli-')), 'station');
  try {
    // The first one makes what is missing.
    clock.seconds(['--version']);
    const value = clock.typical(['--version']);
    const help = clock.typical(['help', 'certificates', 'revoke']);
    clock.seconds(['demo', '--units', '1', '--data', data]);
    const status = clock.typical(['status', '--data', data]);
    return Promise.resolve({ value, unit: 's CPU', baseline: 0.15, ratio: 0.15 / value, detail: { help, status } });
  } finally {
    clock.dispose();
    rmSync(join(data, '..'), { recursive: true, force: true });
  }
}
