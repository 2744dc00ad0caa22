import { exitCodes, Failure, type CallOutput, type RecordsView } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { certificatesAsPem } from '../certificate-file.ts';
import { table } from '../output.ts';
import { printPages, type Column } from '../rows.ts';

const withBroker = { broker: true, line: 'off' } as const;
const alone = { broker: false, line: 'off' } as const;

export const listRecords = async (context: CommandContext): Promise<number> =>
  show(context, await context.start(withBroker).call('records.list', {}));

export async function sync(context: CommandContext): Promise<number> {
  const seconds = context.values.number('timeout', { min: 1, max: 3600, fallback: 60 });
  return show(context, await context.start(withBroker).call('records.settle', { timeoutMs: seconds * 1000 }));
}

function show(context: CommandContext, views: readonly RecordsView[]): number {
  context.output.result({ records: views }, () =>
    views.length === 0 ? 'no central records; birthmark records connect HOST begins with them' : viewTable(views),
  );
  return views.some(({ failure }) => failure !== null) ? exitCodes.BROKER : exitCodes.OK;
}

const viewTable = (views: readonly RecordsView[]): string =>
  table(
    ['DATABASE', 'STATE', 'SINCE', 'WAITING', 'OLDEST', 'LAST SENT', 'PROBLEMS', 'FAILURE'],
    views.map((view) => [
      view.name,
      view.state,
      view.since,
      String(view.waiting),
      view.waitingSince ?? '-',
      view.sentAt ?? '-',
      String(view.problems),
      view.failure?.code ?? 'none',
    ]),
  );

export async function certificate(context: CommandContext): Promise<number> {
  const station = context.start(alone);
  let made;
  try {
    made = await station.call('records.certificate', {});
  } catch (thrown) {
    if (!(thrown instanceof Failure) || !thrown.code.startsWith('SESSION_')) throw thrown;
    // There is none yet: it is signed like every certificate, in a session.
    await context.openSession(station, { quota: 2, minutes: 10, reason: 'certificate for the central records' });
    made = await station.call('records.certificate', {});
  }
  const { station: id, commonName, role, pem } = made;
  context.output.note(`CN=${commonName} leads to the role ${role}. The ID for migrate.sh on the broker host: ${id}`);
  context.output.result({ station: id, commonName, role, pem }, () => pem.trimEnd());
  return exitCodes.OK;
}

export async function registration(context: CommandContext): Promise<number> {
  const station = context.start(alone);
  const tenants = [...context.values.list('tenant')];
  let made;
  try {
    made = await station.call('records.register', { tenants });
  } catch (thrown) {
    if (!(thrown instanceof Failure) || !thrown.code.startsWith('SESSION_')) throw thrown;
    await context.openSession(station, { quota: 2, minutes: 10, reason: 'registration for the central records' });
    made = await station.call('records.register', { tenants });
  }
  const { file } = made;
  const of = made.tenants.length === 0 ? 'no tenant: name them with --tenant' : made.tenants.join(', ');
  context.output.note(
    `For the station ${made.station}, its ${String(made.issuers.length)} CAs, and devices of ${of}. On the broker host: migrate.sh --registration FILE`,
  );
  context.output.result(made, () => file.trimEnd());
  return exitCodes.OK;
}

export async function connect(context: CommandContext): Promise<number> {
  const host = context.values.word;
  const caFile = context.values.text('server-ca');
  const database = context.values.text('database');
  const at = {
    host,
    port: context.values.number('port', { min: 1, max: 65_535, fallback: 5432 }),
    ...(database === undefined ? {} : { database }),
    serverName: context.values.text('server-name') ?? null,
    caPem: caFile === undefined ? null : certificatesAsPem(caFile, '--server-ca'),
  };
  const view = await context.start(alone).call('records.connect', { at });
  context.output.result(
    view,
    () => `From now on: ${view.name}. ${String(view.waiting)} changes wait; “birthmark records sync” sends them now.`,
  );
  return exitCodes.OK;
}

export async function disconnect(context: CommandContext): Promise<number> {
  const name = context.values.word;
  await context.start(alone).call('records.disconnect', { name });
  context.output.result({ disconnected: name }, () => `From now on nothing is sent to ${name}.`);
  return exitCodes.OK;
}

const problemColumns: readonly Column<CallOutput<'records.problems'>['rows'][number]>[] = [
  { title: 'DATABASE', of: ({ host }) => host },
  { title: 'KIND', of: ({ kind }) => kind },
  { title: 'KEY', of: ({ key }) => key },
  { title: 'SINCE', of: ({ at }) => at },
  { title: 'PROBLEM', of: ({ failure }) => failure.code },
];

export async function problems(context: CommandContext): Promise<number> {
  const station = context.start(alone);
  await printPages(context, problemColumns, (page) => station.call('records.problems', page));
  return exitCodes.OK;
}
