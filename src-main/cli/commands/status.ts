import { exitCodes, type StationStatus } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { facts } from '../output.ts';

export async function status(context: CommandContext): Promise<number> {
  const value = await context.start({ broker: true, line: 'off' }).call('station.status', {});
  context.output.result(value, () => statusText(value));
  return exitCodes.OK;
}

const statusText = (value: StationStatus): string =>
  facts([
    ['station', value.phase === 'ready' ? value.name : 'not set up'],
    ['token', `${value.token.state}${value.token.view === null ? '' : ` · ${value.token.view.label} (${value.token.view.model})`}`],
    ['session', sessionText(value)],
    [
      'CRL',
      value.crl === null ? 'none' : `#${String(value.crl.number)}, ${String(value.crl.entries)} entries, next by ${value.crl.nextUpdate}`,
    ],
    ['broker', value.broker === null ? 'none' : `${value.broker.state} · ${value.broker.host}:${String(value.broker.port)}`],
    ['waiting', `${String(value.outbox.waiting)} for the broker host, ${String(value.notVerified)} units not verified`],
    ...value.records.map(
      (one) =>
        [
          'records',
          `${one.state} · ${one.name} · ${one.waiting === 0 ? 'nothing waits' : `${String(one.waiting)} waiting since ${one.waitingSince ?? ''}`}`,
        ] as const,
    ),
    ['backup', value.backup === null ? 'none' : (value.backup.newest ?? 'none yet')],
    ...value.alarms.map((alarm) => ['alarm', alarm.failure.code] as const),
  ]);

function sessionText({ session, sessionEnd }: StationStatus): string {
  if (session !== null) return `${String(session.quota - session.used)} left, until ${session.until}`;
  return sessionEnd === null ? 'none' : `none; the last one ended ${sessionEnd.at}: ${sessionEnd.why}`;
}
