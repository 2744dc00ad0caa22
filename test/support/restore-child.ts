import { killBefore } from './killed-at.ts';

// Restores a backup as the officer Olga, and kills itself before the nth change to the disk; prints what became of it.
const [, , dataDir = '', path = '', killAt = '0'] = process.argv;
killBefore(Number(killAt));
const { Restore } = await import('../../src-main/station/backup/index.ts');
const { systemClock } = await import('../../src-main/station/clock.ts');
try {
  const restore = await Restore.open({ dataDir, path, key: null, clock: systemClock });
  try {
    restore.apply({ name: 'Olga', password: '' });
  } finally {
    restore.close();
  }
  process.stdout.write('restored');
} catch (thrown) {
  process.stdout.write(`failed ${(thrown as { code?: string }).code ?? String(thrown)}`);
}
