import { killBefore } from './killed-at.ts';

// Makes a backup of a folder, and kills itself before the nth change to the disk; prints what became of it.
const [, , dataDir = '', killAt = '0'] = process.argv;
killBefore(Number(killAt));
const { writeBackup } = await import('../../src-main/station/backup/index.ts');
try {
  const { path } = await writeBackup({ dataDir, why: 'asked', by: 'test', now: Date.now(), mustGoOn: () => undefined });
  process.stdout.write(`made ${path}`);
} catch (thrown) {
  process.stdout.write(`failed ${(thrown as { code?: string }).code ?? String(thrown)}`);
}
