import { exitCodes, Failure, type RecordsView } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { certificatesAsPem } from '../certificate-file.ts';
import { table } from '../output.ts';
import { page, paging } from './look.ts';

export const records: Command = {
  name: 'records',
  summary: 'the central records in PostgreSQL: which databases, their state, what waits; connect to one',
  options: {
    certificate: { help: 'print this station’s client certificate and ID, for migrate.sh on the broker host; made when there is none yet' },
    connect: { argument: 'HOST', help: 'write to the database on this host from now on; again to send everything again' },
    port: { argument: 'N', help: 'with --connect: its port (default 5432)' },
    database: { argument: 'NAME', help: 'with --connect: its name (default birthmark)' },
    'server-name': { argument: 'NAME', help: 'with --connect: the name its server certificate is for (default: HOST)' },
    'server-ca': { argument: 'FILE', help: 'with --connect: PEM of the CA of its certificate (default: that of our brokers)' },
    disconnect: { argument: 'NAME', help: 'write to this database no longer; its name, or its host alone' },
    sync: { help: 'wait until nothing waits for any of them' },
    timeout: { argument: 'SECONDS', help: 'with --sync: at most so long (default 60)' },
    problems: { help: 'what a database did not take, or has otherwise' },
    limit: paging.limit,
    offset: paging.offset,
  },
  async run(context) {
    if (context.flag('certificate')) return certificate(context);
    const host = context.text('connect');
    if (host !== undefined) return connect(context, host);
    const name = context.text('disconnect');
    if (name !== undefined) return disconnect(context, name);
    if (context.flag('problems')) return problems(context);
    const seconds = context.number('timeout', { min: 1, max: 3600, fallback: 60 });
    const station = context.start({ broker: true, line: 'off' });
    if (context.flag('sync')) return show(context, await station.call('records.settle', { timeoutMs: seconds * 1000 }));
    return show(context, await station.call('records.list', {}));
  },
};

function show(context: CommandContext, views: readonly RecordsView[]): number {
  context.output.result({ records: views }, () =>
    views.length === 0 ? 'no central records; birthmark records --connect HOST begins with them' : viewTable(views),
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

async function certificate(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
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

async function connect(context: CommandContext, host: string): Promise<number> {
  const caFile = context.text('server-ca');
  const database = context.text('database');
  const at = {
    host,
    port: context.number('port', { min: 1, max: 65_535, fallback: 5432 }),
    ...(database === undefined ? {} : { database }),
    serverName: context.text('server-name') ?? null,
    caPem: caFile === undefined ? null : certificatesAsPem(caFile, 'server-ca'),
  };
  const view = await context.start({ broker: false, line: 'off' }).call('records.connect', { at });
  context.output.result(
    view,
    () => `From now on: ${view.name}. ${String(view.waiting)} changes wait; “birthmark records --sync” sends them now.`,
  );
  return exitCodes.OK;
}

async function disconnect(context: CommandContext, name: string): Promise<number> {
  await context.start({ broker: false, line: 'off' }).call('records.disconnect', { name });
  context.output.result({ disconnected: name }, () => `From now on nothing is sent to ${name}.`);
  return exitCodes.OK;
}

async function problems(context: CommandContext): Promise<number> {
  const { limit, offset } = page(context);
  const found = await context.start({ broker: false, line: 'off' }).call('records.problems', { limit, offset });
  context.output.result(found, () =>
    table(
      ['DATABASE', 'KIND', 'KEY', 'SINCE', 'PROBLEM'],
      found.rows.map(({ host, kind, key, at, failure }) => [host, kind, key, at, failure.code]),
    ),
  );
  return exitCodes.OK;
}
