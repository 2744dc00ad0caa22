import { open, type FileHandle } from 'node:fs/promises';
import { exitCodes, Failure, limits, type CrlAdoption } from '../../contract/index.ts';
import type { CommandContext } from '../command.ts';
import { fileFailure } from '../files.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';

/** `crl --adopt FILE`: then a new list that has it all is published, which needs the PIN. */
export async function adoptCrlFile(context: CommandContext, path: string): Promise<number> {
  const dryRun = context.flag('dry-run');
  const note = context.text('note') ?? (dryRun ? 'dry run' : '');
  if (note === '') throw new Failure('INVALID_INPUT', { field: '--note', problem: 'a reason is needed, for the audit log' });
  await using file = await openFile(path);
  const station = context.start({ broker: !dryRun, line: 'off' });
  await send(station, file);
  const adoption = await station.call('crl.adopt', { note, dryRun });
  if (!dryRun) {
    await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'publish a CRL after a list was adopted' });
    await station.call('crl.publish', {});
  }
  context.output.result(adoption, () => textOf(adoption));
  return exitCodes.OK;
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    throw fileFailure(path, 'read', thrown);
  }
}

async function send(station: StationProcess, file: FileHandle): Promise<void> {
  const buffer = Buffer.alloc(limits.crlChunkBytes);
  for (let offset = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0 && offset > 0) return;
    offset = (await station.call('crl.receive', { offset, bytes: buffer.subarray(0, bytesRead) })).size;
    if (bytesRead === 0) return;
  }
}

function textOf({ dryRun, lists, others, adopted, entries }: CrlAdoption): string {
  return [
    table(
      ['ISSUER', 'PARTITION', 'NUMBER', 'THIS UPDATE', dryRun ? 'WOULD COME IN' : 'CAME IN'],
      lists.map((one) => [one.issuer, String(one.partition), `#${String(one.number)}`, one.thisUpdate, String(one.adopted)]),
    ),
    ...(entries.length === 0
      ? []
      : [
          table(
            ['SERIAL', 'DEVICE', 'REVOKED', 'REASON'],
            entries.map((one) => [one.serial, one.device ?? '(not known here)', one.revokedAt, one.reason]),
          ),
        ]),
    ...(adopted > entries.length ? [`… and ${String(adopted - entries.length)} more`] : []),
    ...(others > 0 ? [`${String(others)} list(s) of other stations were passed over.`] : []),
    ...(dryRun ? [] : [adopted === 0 ? 'The registry knew it all.' : 'A new list that has it all is in force.']),
  ].join('\n');
}
