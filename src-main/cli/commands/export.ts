import { dirname, join, resolve } from 'node:path';
import { exitCodes, Failure } from '../../contract/index.ts';
import { makeDataFolder } from '../../service-host/index.ts';
import type { Command } from '../command.ts';
import { writeGivenFile } from '../files.ts';

export const exportPem: Command = {
  name: 'export',
  summary: 'write root.pem, issuer.pem, crl.pem and the certificates to a folder',
  options: { out: { argument: 'DIR', help: 'folder to write to; made when it is not there' } },
  async run(context) {
    const out = context.text('out');
    if (out === undefined || out === '') throw new Failure('INVALID_INPUT', { field: '--out', problem: 'a folder is needed' });
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
  },
};
