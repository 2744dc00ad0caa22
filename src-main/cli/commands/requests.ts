import { exitCodes, Failure, RevocationReason, unwrap, type CallOutput, type RevocationRequestView } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { readBytes, readText, writeGivenFile } from '../files.ts';
import { notInForce } from '../in-force.ts';
import { printPages, tableOf, type Column } from '../rows.ts';
import { oneOf } from '../values.ts';

export async function listRequests(context: CommandContext): Promise<number> {
  const open = context.values.flag('open');
  const station = context.start(alone);
  await printPages(context, columns, (page) => station.call('requests.list', { ...page, open }));
  return exitCodes.OK;
}

export async function createRequest(context: CommandContext): Promise<number> {
  const { values } = context;
  const [file, fingerprint] = [values.text('certificate'), values.text('fingerprint')];
  if ((file === undefined) === (fingerprint === undefined))
    throw new Failure('INVALID_INPUT', { field: 'requests create', problem: 'name exactly one of --certificate and --fingerprint' });
  const asked = {
    certificate: file === undefined ? null : readBytes(file),
    fingerprint: fingerprint?.toLowerCase().replaceAll(':', '') ?? null,
    reason: unwrap(oneOf(values, 'reason', RevocationReason.options).reason, 'the table requires it'),
    note: values.text('note') ?? '',
  };
  return written(context, await context.start(alone).call('requests.create', asked));
}

export async function importRequest(context: CommandContext): Promise<number> {
  const text = readText(context.values.word);
  const request = await context.start(alone).call('requests.import', { text });
  context.output.result({ request }, () => tableOf(columns, [request]));
  return exitCodes.OK;
}

export const exportRequest = async (context: CommandContext): Promise<number> =>
  written(context, await context.start(alone).call('requests.export', { id: context.values.word }));

export const acceptRequest = (context: CommandContext): Promise<number> => answer(context, true);
export const refuseRequest = (context: CommandContext): Promise<number> => answer(context, false);

async function answer(context: CommandContext, accept: boolean): Promise<number> {
  const station = context.start({ broker: accept, line: 'off' });
  if (accept) await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'accept a request on the command line' });
  const id = context.values.word;
  const result = await station.call('requests.answer', { id, accept, note: context.values.text('note') ?? '' });
  const pending = accept ? await notInForce(station, result.request.serial) : null;
  written(context, result);
  return context.output.promised(pending);
}

const alone = { broker: false, line: 'off' } as const;

const columns: readonly Column<RevocationRequestView>[] = [
  { title: 'ID', of: (row) => row.id },
  { title: 'WAY', of: (row) => row.direction },
  { title: 'CERTIFICATE', of: (row) => row.subject ?? row.fingerprint },
  { title: 'REASON', of: (row) => row.reason },
  { title: 'FROM', of: (row) => `${row.station}${row.proven ? '' : ' (not proven)'}` },
  { title: 'STATE', of: (row) => row.state },
  {
    title: 'ANSWER',
    of: ({ answer: words, answeredBy }) => (answeredBy === null ? null : `${answeredBy}${words === '' ? '' : `: ${words ?? ''}`}`),
  },
];

/** It is recorded whatever becomes of the file: `requests export` writes it again. */
function written(context: CommandContext, { request, text }: CallOutput<'requests.create'>): number {
  const out = context.values.needed('out');
  writeGivenFile(out, text);
  context.output.result({ request, out }, () => `${tableOf(columns, [request])}\nFor the other station: ${out}`);
  return exitCodes.OK;
}
