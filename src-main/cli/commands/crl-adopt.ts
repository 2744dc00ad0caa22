import { exitCodes, Failure, limits, type CrlAdoption } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { piecesOf } from '../files.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';

/** Takes the revocations of a list; then a new list that has it all is published, which needs the PIN. */
export async function adopt(context: CommandContext): Promise<number> {
  const dryRun = context.values.flag('dry-run');
  const note = context.values.text('note') ?? (dryRun ? 'dry run' : '');
  if (note === '') throw new Failure('INVALID_INPUT', { field: '--note', problem: 'a reason is needed, for the audit log' });
  const station = context.start({ broker: !dryRun, line: 'off' });
  await send(station, context.values.word);
  const adoption = await station.call('crl.adopt', { note, dryRun });
  if (!dryRun) {
    await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'publish a CRL after a list was adopted' });
    await station.call('crl.publish', {});
  }
  context.output.result(adoption, () => textOf(adoption));
  return exitCodes.OK;
}

async function send(station: StationProcess, path: string): Promise<void> {
  let offset = 0;
  for await (const bytes of piecesOf(path, limits.crlChunkBytes)) offset = (await station.call('crl.receive', { offset, bytes })).size;
  // An empty file is a file, too: the station says what is wrong with it.
  if (offset === 0) await station.call('crl.receive', { offset, bytes: Buffer.alloc(0) });
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
