import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Ends this process by SIGKILL before its nth change to the disk; whoever is loaded after this call is counted. */
export function killBefore(nth: number): void {
  let changes = 0;
  for (const name of ['writeSync', 'writeFileSync', 'renameSync', 'mkdirSync', 'rmSync', 'fsyncSync'] as const) {
    const real = fs[name] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        changes++;
        if (changes === nth) process.kill(process.pid, 'SIGKILL');
        return real(...args);
      },
    });
  }
  syncBuiltinESMExports();
}
