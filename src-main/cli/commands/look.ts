import {
  exitCodes,
  CertificateStatus,
  CertificateUse,
  DeviceState,
  Failure,
  type DeviceRow,
  type CallOutput,
} from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';

export const paging = {
  search: { argument: 'TEXT', help: 'only rows that contain TEXT' },
  limit: { argument: 'N', help: 'rows at most (default 100, up to 500)' },
  offset: { argument: 'N', help: 'rows to pass over' },
} as const satisfies Command['options'];

export const status: Command = {
  name: 'status',
  summary: 'the station at a glance: token, session, CRL, broker, what waits',
  options: {},
  async run(context) {
    const station = context.start({ broker: true, line: 'off' });
    const value = await station.call('station.status', {});
    context.output.result(value, () => {
      const rows = [
        ['station', value.phase === 'ready' ? value.name : 'not set up'],
        ['token', `${value.token.state}${value.token.view === null ? '' : ` · ${value.token.view.label} (${value.token.view.model})`}`],
        [
          'session',
          value.session === null
            ? `none${value.sessionEnd === null ? '' : `; the last one ended ${value.sessionEnd.at}: ${value.sessionEnd.why}`}`
            : `${String(value.session.quota - value.session.used)} left, until ${value.session.until}`,
        ],
        [
          'CRL',
          value.crl === null
            ? 'none'
            : `#${String(value.crl.number)}, ${String(value.crl.entries)} entries, next by ${value.crl.nextUpdate}`,
        ],
        ['broker', value.broker === null ? 'none' : `${value.broker.state} · ${value.broker.host}:${String(value.broker.port)}`],
        ['waiting', `${String(value.outbox.waiting)} for the broker host, ${String(value.notVerified)} units not verified`],
        ...value.records.map((one) => [
          'records',
          `${one.state} · ${one.name} · ${one.waiting === 0 ? 'nothing waits' : `${String(one.waiting)} waiting since ${one.waitingSince ?? ''}`}`,
        ]),
        ...value.alarms.map((alarm) => ['alarm', alarm.failure.code]),
      ];
      return table(['', ''], rows).trimStart();
    });
    return exitCodes.OK;
  },
};

export const devices: Command = {
  name: 'devices',
  summary: 'registered devices',
  options: {
    ...paging,
    pending: { help: 'only those that wait for approval' },
    state: { argument: 'STATE', help: `only those that are one of ${DeviceState.options.join(', ')}` },
  },
  async run(context) {
    const filter = context.flag('pending') ? { state: 'PENDING' as const } : oneOf(context, 'state', DeviceState.options);
    const station = context.start({ broker: false, line: 'off' });
    const found = await station.call('devices.list', { ...page(context), ...filter });
    context.output.result(found, () => deviceTable(found.rows));
    return exitCodes.OK;
  },
};

/** Devices with what was decided of them and what their newest certificate is. */
export const deviceTable = (rows: readonly DeviceRow[]): string =>
  table(
    ['DEVICE', 'HARDWARE', 'MODEL', 'STATE', 'CERTIFICATE', 'PROOF'],
    rows.map((row) => [row.device, row.hardwareId ?? '-', row.model, row.state, row.status ?? '-', row.proofLevel ?? '-']),
  );

export const certificates: Command = {
  name: 'certificates',
  summary: 'certificates of devices and of the station',
  options: {
    ...paging,
    status: { argument: 'STATUS', help: `one of ${CertificateStatus.options.join(', ')}` },
    use: { argument: 'USE', help: `one of ${CertificateUse.options.join(', ')}` },
    serial: { argument: 'SERIAL', help: 'everything about this one, with what its device proved about its key' },
  },
  async run(context) {
    const filter = { ...oneOf(context, 'status', CertificateStatus.options), ...oneOf(context, 'use', CertificateUse.options) };
    const station = context.start({ broker: false, line: 'off' });
    const serial = context.text('serial')?.toUpperCase().replaceAll(':', '');
    if (serial !== undefined) return oneCertificate(context, await station.call('certificates.get', { serial }));
    const found = await station.call('certificates.list', {
      ...page(context),
      ...filter,
    });
    context.output.result(found, () =>
      table(
        ['SERIAL', 'DEVICE', 'USE', 'STATUS', 'NOT AFTER'],
        found.rows.map((row) => [row.serial, row.device, row.use, row.status, row.notAfter]),
      ),
    );
    return exitCodes.OK;
  },
};

type Context = Parameters<Command['run']>[0];

function oneCertificate(context: Context, one: CallOutput<'certificates.get'>): number {
  const { attestation } = one;
  const rows: [string, string | null][] = [
    ['serial', one.serial],
    ['fingerprint', one.fingerprint],
    ['of', one.device],
    ['use', one.use],
    ['status', one.status],
    ['good', `${one.notBefore} to ${one.notAfter}`],
    ['revoked', one.revokedAt === null ? null : `${one.revokedAt}, ${one.reason ?? ''}`],
    ['work order', one.order],
    ['key made by', one.use === 'device' ? one.keyMadeBy : null],
    ['attested by', attestation?.deviceId ?? null],
    ...(attestation?.proven ?? []).map((what): [string, string] => ['proven', what]),
    ...(attestation?.notChecked ?? []).map((what): [string, string] => ['not checked', what]),
  ];
  const shown = rows.filter((row): row is [string, string] => row[1] !== null);
  context.output.result(one, () => `${table(['', ''], shown).trimStart()}\n\n${one.pem ?? ''}`.trimEnd());
  return exitCodes.OK;
}

/** The value of an option that has only a few, under its name; empty without it. */
function oneOf<N extends string, T extends string>(context: Context, name: N, options: readonly T[]): { readonly [K in N]?: T } {
  const value = context.text(name);
  if (value === undefined) return {};
  const found = options.find((option) => option === value);
  if (found === undefined) throw new Failure('INVALID_INPUT', { field: `--${name}`, problem: `must be one of ${options.join(', ')}` });
  return { [name]: found } as { readonly [K in N]?: T };
}

export function page(context: Context): { search: string; limit: number; offset: number } {
  return {
    search: context.text('search') ?? '',
    limit: context.number('limit', { min: 1, max: 500, fallback: 100 }),
    offset: context.number('offset', { min: 0, max: 100_000_000, fallback: 0 }),
  };
}
