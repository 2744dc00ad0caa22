import { dirname, join, resolve } from 'node:path';
import { exitCodes } from '../../contract/index.ts';
import { makeDataFolder } from '../../service-host/index.ts';
import type { CommandContext } from '../context.ts';
import { writeGivenFile } from '../files.ts';

export async function exportPem(context: CommandContext): Promise<number> {
  const out = context.values.needed('out');
  const station = context.start({ broker: false, line: 'off' });
  const files = await station.call('export.pem', {});
  for (const { name, pem } of files) {
    const path = join(resolve(out), name);
    makeDataFolder(dirname(path), 0o755);
    writeGivenFile(path, pem);
  }
  context.output.result(
    { out: resolve(out), files: files.map((file) => file.name) },
    () => `${String(files.length)} files in ${resolve(out)}`,
  );
  return exitCodes.OK;
}
