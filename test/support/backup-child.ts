import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Makes a backup of a folder, and kills itself before the nth change to the disk; prints what became of it.
const [, , dataDir = '', killAt = '0'] = process.argv;
let changes = 0;
const counted = ['writeSync', 'renameSync', 'mkdirSync', 'rmSync', 'fsyncSync'] as const;
for (const name of counted) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      changes++;
      if (changes === Number(killAt)) process.kill(process.pid, 'SIGKILL');
      return real(...args);
    },
  });
}
syncBuiltinESMExports();
const { writeBackup } = await import('../../src-main/station/backup/index.ts');
try {
  const { path } = await writeBackup({ dataDir, why: 'asked', by: 'test', now: Date.now(), mustGoOn: () => undefined });
  process.stdout.write(`made ${path}`);
} catch (thrown) {
  process.stdout.write(`failed ${(thrown as { code?: string }).code ?? String(thrown)}`);
}
