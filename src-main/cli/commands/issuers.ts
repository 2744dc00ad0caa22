import { exitCodes } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { readBytes } from '../files.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';

export const listIssuers = (context: CommandContext): Promise<number> => show(context, context.start({ broker: false, line: 'off' }));

export async function importCrls(context: CommandContext): Promise<number> {
  const files = context.values.words.map((path) => readBytes(path).toString('base64'));
  const station = context.start({ broker: false, line: 'off' });
  for (const file of files) await station.call('issuers.importCrl', { file });
  return show(context, station);
}

async function show(context: CommandContext, station: StationProcess): Promise<number> {
  const found = await station.call('issuers.list', {});
  context.output.result(found, () => {
    const cas = table(
      ['ID', 'KIND', 'STATE', 'SUBJECT', 'KEY', 'UNTIL', 'ACTIVE', 'BELOW'],
      found.issuers.map((one) => [
        one.id,
        one.kind,
        one.state,
        one.subject,
        one.algorithm,
        one.notAfter.slice(0, 10),
        String(one.active),
        one.above.join(' < ') || (one.kind === 'root' ? 'itself' : 'the station’s root'),
      ]),
    );
    if (found.rootCrls.length === 0) return cas;
    const lists = table(
      ['LIST OF', 'NUMBER', 'UNTIL', 'ENTRIES', 'NAMES'],
      found.rootCrls.map((one) => [
        one.subject,
        one.number ?? '',
        one.nextUpdate ?? 'no list',
        String(one.entries),
        one.revoked.join(' ') || 'no issuer of this station',
      ]),
    );
    return `${cas}\n\n${lists}`;
  });
  return exitCodes.OK;
}
