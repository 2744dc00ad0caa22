import { exitCodes, Failure, RevocationReason, type CallOutput, type RevocationRequestView } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { readBytes, readText, writeGivenFile } from '../files.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';
import { page, paging } from './look.ts';

export const requests: Command = {
  name: 'requests',
  summary: 'ask the station that issued a certificate to revoke it, and answer such requests',
  options: {
    certificate: { argument: 'FILE', help: 'ask for this certificate, PEM or DER' },
    fingerprint: { argument: 'SHA256', help: 'ask for the certificate with this SHA-256 fingerprint' },
    reason: { argument: 'REASON', help: `one of ${RevocationReason.options.join(', ')}` },
    note: { argument: 'TEXT', help: 'why; of an answer: what the other station should know' },
    import: { argument: 'FILE', help: 'take in a request, or an answer, of another station' },
    accept: { argument: 'ID', help: 'accept a request: revokes the certificate' },
    refuse: { argument: 'ID', help: 'refuse a request' },
    export: { argument: 'ID', help: 'write the file of a request or an answer once more' },
    out: { argument: 'FILE', help: 'where the file for the other station goes' },
    open: { help: 'list only those that wait for an answer' },
    limit: paging.limit,
    offset: paging.offset,
  },
  async run(context) {
    const asked = (['certificate', 'fingerprint', 'import', 'accept', 'refuse', 'export'] as const).filter(
      (name) => context.text(name) !== undefined,
    );
    const [what] = asked;
    if (asked.length > 1)
      throw new Failure('INVALID_INPUT', { field: `--${asked[1] ?? ''}`, problem: `not together with --${what ?? ''}` });
    const named = context.text(what ?? '') ?? '';
    switch (what) {
      case undefined:
        return list(context);
      case 'certificate':
      case 'fingerprint':
        return ask(context, what, named);
      case 'import': {
        const text = readText(named);
        return show(context, await context.start({ broker: false, line: 'off' }).call('requests.import', { text }));
      }
      case 'export': {
        const out = outOf(context);
        return written(context, out, await context.start({ broker: false, line: 'off' }).call('requests.export', { id: named }));
      }
      default:
        return answer(context, named, what === 'accept');
    }
  },
};

async function ask(context: CommandContext, what: 'certificate' | 'fingerprint', named: string): Promise<number> {
  const reason = RevocationReason.safeParse(context.text('reason'));
  if (!reason.success)
    throw new Failure('INVALID_INPUT', { field: '--reason', problem: `must be one of ${RevocationReason.options.join(', ')}` });
  const out = outOf(context);
  const certificate = what === 'certificate' ? readBytes(named) : null;
  const fingerprint = what === 'fingerprint' ? named.toLowerCase().replaceAll(':', '') : null;
  const station = context.start({ broker: false, line: 'off' });
  const note = context.text('note') ?? '';
  return written(context, out, await station.call('requests.create', { certificate, fingerprint, reason: reason.data, note }));
}

async function answer(context: CommandContext, id: string, accept: boolean): Promise<number> {
  const out = outOf(context);
  const station = context.start({ broker: accept, line: 'off' });
  if (accept) await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'accept a request on the command line' });
  const result = await station.call('requests.answer', { id, accept, note: context.text('note') ?? '' });
  if (accept) await station.call('publication.settle', {});
  return written(context, out, result);
}

async function list(context: CommandContext): Promise<number> {
  const { limit, offset } = page(context);
  const station: StationProcess = context.start({ broker: false, line: 'off' });
  const found = await station.call('requests.list', { limit, offset, open: context.flag('open') });
  context.output.result(found, () => requestTable(found.rows));
  return exitCodes.OK;
}

const requestTable = (rows: readonly RevocationRequestView[]): string =>
  table(
    ['ID', 'WAY', 'CERTIFICATE', 'REASON', 'FROM', 'STATE', 'ANSWER'],
    rows.map((row) => [
      row.id,
      row.direction,
      row.subject ?? row.fingerprint,
      row.reason,
      `${row.station}${row.proven ? '' : ' (not proven)'}`,
      row.state,
      row.answeredBy === null ? '-' : `${row.answeredBy}${row.answer === '' ? '' : `: ${row.answer ?? ''}`}`,
    ]),
  );

function show(context: CommandContext, request: RevocationRequestView): number {
  context.output.result({ request }, () => requestTable([request]));
  return exitCodes.OK;
}

/** It is recorded whatever becomes of the file: --export writes it again. */
function written(context: CommandContext, out: string, { request, text }: CallOutput<'requests.create'>): number {
  writeGivenFile(out, text);
  context.output.result({ request, out }, () => `${requestTable([request])}\nFor the other station: ${out}`);
  return exitCodes.OK;
}

function outOf(context: CommandContext): string {
  const out = context.text('out') ?? '';
  if (out === '') throw new Failure('INVALID_INPUT', { field: '--out', problem: 'is needed' });
  return out;
}
