import { CertificateStatus, CertificateUse, exitCodes, type CallOutput, type CertificateRow } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { facts } from '../output.ts';
import { printPages, type Column } from '../rows.ts';
import { oneOf } from '../values.ts';

const columns: readonly Column<CertificateRow>[] = [
  { title: 'SERIAL', of: (row) => row.serial },
  { title: 'DEVICE', of: (row) => row.device },
  { title: 'USE', of: (row) => row.use },
  { title: 'STATUS', of: (row) => row.status },
  { title: 'NOT AFTER', of: (row) => row.notAfter },
];

export async function listCertificates(context: CommandContext): Promise<number> {
  const { values } = context;
  const filter = { ...oneOf(values, 'status', CertificateStatus.options), ...oneOf(values, 'use', CertificateUse.options) };
  const search = values.text('search') ?? '';
  const station = context.start({ broker: false, line: 'off' });
  await printPages(context, columns, (page) => station.call('certificates.list', { ...page, search, ...filter }));
  return exitCodes.OK;
}

/** As people copy it from other tools: with colons, in any letter case. */
export const serialOf = (text: string): string => text.toUpperCase().replaceAll(':', '');

export async function showCertificate(context: CommandContext): Promise<number> {
  const serial = serialOf(context.values.word);
  const one = await context.start({ broker: false, line: 'off' }).call('certificates.get', { serial });
  context.output.result(one, () => `${facts(shown(one))}\n\n${one.pem ?? ''}`.trimEnd());
  return exitCodes.OK;
}

function shown(one: CallOutput<'certificates.get'>): [string, string][] {
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
  return rows.filter((row): row is [string, string] => row[1] !== null);
}
