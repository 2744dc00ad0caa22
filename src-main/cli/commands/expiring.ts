import { exitCodes, limits } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';
import { page, paging } from './look.ts';

export const expiring: Command = {
  name: 'expiring',
  summary: 'certificates of devices and brokers in force that come to their end',
  options: {
    days: { argument: 'N', help: `those that end within N days (default ${String(limits.renewalWindowDays)})` },
    check: { help: 'exit code 1 when there is any, for a monitor' },
    limit: paging.limit,
    offset: paging.offset,
  },
  async run(context) {
    const days = context.number('days', { ...limits.validityDays, fallback: limits.renewalWindowDays });
    const { limit, offset } = page(context);
    const station = context.start({ broker: false, line: 'off' });
    const found = await station.call('certificates.expiring', { days, limit, offset });
    context.output.result(found, () =>
      table(
        ['NAME', 'SERIAL', 'ENDS', 'LEFT', 'DEVICE TOLD'],
        found.rows.map((row) => [
          row.device,
          row.serial,
          row.notAfter,
          `${String(row.daysLeft)} days`,
          row.toldAt ?? (row.use === 'device' ? 'not yet' : '-'),
        ]),
      ),
    );
    return context.flag('check') && found.total > 0 ? exitCodes.FAILED : exitCodes.OK;
  },
};
