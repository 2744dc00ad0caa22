import { resolve } from 'node:path';
import { exitCodes, explain, Failure, limits, type CallOutput, type CrlChange, type CrlView } from '../../contract/index.ts';
import { crlToPem } from '../../station/ca/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { writeGivenFile } from '../files.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';
import { adoptCrlFile } from './crl-adopt.ts';
import { showCrlFile, verifyCrlFile } from './crl-file.ts';

export const crl: Command = {
  name: 'crl',
  summary: 'revocation lists: history, differences, publish a new one, look at and check any CRL file',
  words: 'NUMBER',
  options: {
    history: { help: 'the lists so far, newest first (also without any option)' },
    diff: { argument: 'A', help: 'what came in and what left from list A to list B: --diff A B; --diff B compares with the one before' },
    issuer: { argument: 'ID', help: 'of this issuer (default: the one that signs certificates now; status names them)' },
    partition: { argument: 'N', help: 'of this partition (default 0; the history is of all)' },
    limit: { argument: 'N', help: 'rows at most (default 20; differences 100, up to 500 of each kind)' },
    number: { argument: 'N', help: 'write this list to --out, also one of long ago' },
    out: { argument: 'FILE', help: 'where --number writes: PEM when it ends in .pem, else DER' },
    publish: { help: 'build, sign and publish a new CRL now' },
    above: {
      argument: 'N',
      help: 'with --publish: with a number above N, which a broker has seen already (registry restored from a backup)',
    },
    adopt: {
      argument: 'FILE',
      help: 'after the registry was restored from a backup: take the revocations of the newest list in force (DER or PEM) that it does not know',
    },
    note: { argument: 'TEXT', help: 'with --adopt: why, for the audit log' },
    'dry-run': { help: 'with --adopt: only tell what would come in' },
    'next-update': {
      argument: 'HOURS',
      help: `how long a list is good, ${String(limits.crlHours.min)} to ${String(limits.crlHours.max)} (default ${String(limits.crlHours.default)}); it is renewed every hour`,
    },
    show: { argument: 'FILE', help: 'what a CRL file says, DER or PEM, of anybody and of any size' },
    verify: { argument: 'FILE', help: 'check a CRL file: signature, dates, scope' },
    ca: { argument: 'FILE', help: 'with --verify: certificate of its CA (default: the CAs of this station)' },
  },
  async run(context) {
    const [show, verify] = [context.text('show'), context.text('verify')];
    if (show !== undefined) return showCrlFile(context, show);
    if (verify !== undefined) return verifyCrlFile(context, verify);
    if (context.text('next-update') !== undefined) return change(context);
    if (context.flag('publish')) return publish(context);
    if (context.text('adopt') !== undefined) return adoptCrlFile(context, context.text('adopt') ?? '');
    if (context.text('diff') !== undefined) return diff(context);
    if (context.text('number') !== undefined) return write(context);
    return history(context, context.start({ broker: true, line: 'off' }));
  },
};

const scopeOf = (context: CommandContext): { issuer: string | null; partition: number } => ({
  issuer: context.text('issuer') ?? null,
  partition: context.number('partition', { min: 0, max: limits.crlPartitions.max - 1, fallback: 0 }),
});

async function history(context: CommandContext, station: StationProcess): Promise<number> {
  const { issuer, partition } = scopeOf(context);
  const lists = await station.call('crl.history', {
    issuer,
    partition: context.text('partition') === undefined ? null : partition,
    limit: context.number('limit', { min: 1, max: 100, fallback: 20 }),
  });
  const many = new Set(lists.map((one) => one.partition)).size > 1;
  context.output.result({ crl: lists[0] ?? null, history: lists }, () =>
    table(
      [...(many ? ['PARTITION'] : []), 'NUMBER', 'THIS UPDATE', 'NEXT UPDATE', 'ENTRIES', 'ADDED', 'DROPPED', 'PUBLISHED'],
      lists.map((one) => [...(many ? [String(one.partition)] : []), ...row(one)]),
    ),
  );
  return exitCodes.OK;
}

const row = (one: CrlView): string[] => [
  `#${String(one.number)}`,
  one.thisUpdate,
  one.nextUpdate,
  String(one.entries),
  String(one.added),
  String(one.dropped),
  one.publishedAt ?? '-',
];

async function publish(context: CommandContext): Promise<number> {
  const above = context.number('above', { min: 0, max: 1_000_000_000, fallback: 0 });
  const station = context.start({ broker: true, line: 'off' });
  await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'publish a CRL on the command line' });
  await station.call('crl.publish', { above });
  return history(context, station);
}

async function diff(context: CommandContext): Promise<number> {
  const [first, second] = [context.text('diff') ?? '', ...context.words];
  const numbers = [first, second ?? first].map((text) => (/^#?\d{1,9}$/u.test(text) ? Number(text.replace('#', '')) : NaN));
  const [a = NaN, b = NaN] = second === undefined ? [(numbers[0] ?? NaN) - 1, numbers[0]] : numbers;
  if (Number.isNaN(a) || Number.isNaN(b) || context.words.length > 1)
    throw new Failure('INVALID_INPUT', { field: '--diff', problem: 'must be the numbers of one or two lists: --diff 41 44' });
  const station = context.start({ broker: false, line: 'off' });
  const limit = context.number('limit', { min: 1, max: limits.pageRows, fallback: 100 });
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

async function write(context: CommandContext): Promise<number> {
  const out = context.text('out');
  if (out === undefined || out === '') throw new Failure('INVALID_INPUT', { field: '--out', problem: 'a file is needed' });
  const number = context.number('number', { min: 1, max: 1_000_000_000, fallback: 1 });
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
  context.output.result({ crl: view, out: resolve(out) }, () => `list #${String(number)}, ${String(der.length)} bytes, in ${resolve(out)}`);
  return exitCodes.OK;
}

async function change(context: CommandContext): Promise<number> {
  const nextUpdateHours = context.number('next-update', { ...limits.crlHours, fallback: limits.crlHours.default });
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
