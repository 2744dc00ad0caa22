import { exitCodes, limits, type ExpiringCertificate } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { printPages, type Column } from '../rows.ts';

const columns: readonly Column<ExpiringCertificate>[] = [
  { title: 'NAME', of: (row) => row.device },
  { title: 'SERIAL', of: (row) => row.serial },
  { title: 'ENDS', of: (row) => row.notAfter },
  { title: 'DAYS LEFT', of: (row) => row.daysLeft },
  { title: 'DEVICE TOLD', of: (row) => row.toldAt ?? (row.use === 'device' ? 'not yet' : null) },
];

export async function expiring(context: CommandContext): Promise<number> {
  const days = context.values.number('days', { ...limits.validityDays, fallback: limits.renewalWindowDays });
  const station = context.start({ broker: false, line: 'off' });
  const total = await printPages(context, columns, (page) => station.call('certificates.expiring', { days, ...page }));
  return context.values.flag('check') && total > 0 ? exitCodes.FAILED : exitCodes.OK;
}
