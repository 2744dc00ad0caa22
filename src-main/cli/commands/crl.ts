import { exitCodes, explain, Failure, limits, type CallOutput, type CrlChange, type CrlView } from '../../contract/index.ts';
import { crlToPem } from '../../station/ca/index.ts';
import type { CommandContext } from '../context.ts';
import { writeGivenFile } from '../files.ts';
import { table } from '../output.ts';
import { printPages, type Column } from '../rows.ts';
import type { StationProcess } from '../station-process.ts';
import { wholeNumber } from '../values.ts';

const scopeOf = (context: CommandContext): { issuer: string | null; partition: number } => ({
  issuer: context.values.text('issuer') ?? null,
  partition: context.values.number('partition', { min: 0, max: limits.crlPartitions.max - 1, fallback: 0 }),
});

const columns: readonly Column<CrlView>[] = [
  { title: 'ISSUER', of: (one) => one.issuer },
  { title: 'PARTITION', of: (one) => one.partition },
  { title: 'NUMBER', of: (one) => one.number },
  { title: 'THIS UPDATE', of: (one) => one.thisUpdate },
  { title: 'NEXT UPDATE', of: (one) => one.nextUpdate },
  { title: 'ENTRIES', of: (one) => one.entries },
  { title: 'ADDED', of: (one) => one.added },
  { title: 'DROPPED', of: (one) => one.dropped },
  { title: 'PUBLISHED', of: (one) => one.publishedAt },
];

export const listCrls = (context: CommandContext): Promise<number> => show(context, context.start({ broker: true, line: 'off' }));

async function show(context: CommandContext, station: StationProcess): Promise<number> {
  const { issuer, partition: named } = scopeOf(context);
  const partition = context.values.has('partition') ? named : null;
  await printPages(context, columns, (page) => station.call('crl.history', { issuer, partition, ...page }));
  return exitCodes.OK;
}

export async function publish(context: CommandContext): Promise<number> {
  const above = context.values.number('above', { min: 0, max: 1_000_000_000, fallback: 0 });
  const station = context.start({ broker: true, line: 'off' });
  await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'publish a CRL on the command line' });
  await station.call('crl.publish', { above });
  return show(context, station);
}

export async function diff(context: CommandContext): Promise<number> {
  const { words } = context.values;
  const [first = NaN, second] = words.map((text) => (/^#?\d{1,9}$/u.test(text) ? Number(text.replace('#', '')) : NaN));
  const [a, b] = second === undefined ? [first - 1, first] : [first, second];
  if (Number.isNaN(a) || Number.isNaN(b) || words.length > 2)
    throw new Failure('INVALID_INPUT', { field: 'NUMBER', problem: 'must be the numbers of one or two lists: crl diff 41 44' });
  const station = context.start({ broker: false, line: 'off' });
  const limit = context.values.number('limit', { min: 1, max: limits.pageRows, fallback: 100 });
  const found = await station.call('crl.diff', { ...scopeOf(context), from: Math.min(a, b), to: Math.max(a, b), limit });
  context.output.result(found, () => differences(found));
  return exitCodes.OK;
}

function differences({ from, to, added, dropped }: CallOutput<'crl.diff'>): string {
  const line = (sign: string, one: CrlChange, why: string): string[] => [sign, `#${String(one.number)}`, one.serial, one.device, why];
  const rows = [
    ...added.map((one) => line('+', one, `revoked ${one.revokedAt} (${one.reason})`)),
    ...dropped.map((one) => line('-', one, `its certificate ended ${one.notAfter}, and a list since had it`)),
  ];
  const between = `${from === null ? 'before the first list' : `#${String(from.number)}`} → #${String(to.number)}`;
  const entries = `${String(from?.entries ?? 0)} → ${String(to.entries)} entries`;
  return `${between}: ${entries}\n${rows.length === 0 ? 'nothing came in and nothing left' : table(['', 'LIST', 'SERIAL', 'DEVICE', 'WHY'], rows)}`;
}

export async function exportCrl(context: CommandContext): Promise<number> {
  const out = context.values.needed('out');
  const number = wholeNumber('NUMBER', context.values.word, { min: 1, max: 1_000_000_000 });
  const station = context.start({ broker: false, line: 'off' });
  const pieces: Uint8Array[] = [];
  let [offset, size] = [0, 1];
  let view: CrlView | null = null;
  while (offset < size) {
    const piece = await station.call('crl.read', { ...scopeOf(context), number, offset });
    if (piece.bytes.length === 0) throw new Failure('CRL_REJECTED', { problem: 'the file is shorter than it was' });
    view = piece.crl;
    size = view.bytes;
    offset += piece.bytes.length;
    pieces.push(piece.bytes);
  }
  const der = Buffer.concat(pieces);
  writeGivenFile(out, out.endsWith('.pem') ? crlToPem(der) : der);
  context.output.result({ crl: view, out }, () => `list #${String(number)}, ${String(der.length)} bytes, in ${out}`);
  return exitCodes.OK;
}

export async function setHours(context: CommandContext): Promise<number> {
  const nextUpdateHours = wholeNumber('HOURS', context.values.word, limits.crlHours);
  const station = context.start({ broker: false, line: 'off' });
  const settings = await station.call('crl.change', { nextUpdateHours });
  const { warning } = settings;
  context.output.result(settings, () =>
    [
      `From the next list on: good for ${String(settings.nextUpdateHours)} hours, renewed every hour.`,
      ...(warning === null ? [] : [explain(warning.code, warning.params).what]),
    ].join('\n'),
  );
  return exitCodes.OK;
}
