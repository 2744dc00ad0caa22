import { exitCodes } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';
import { page, paging } from './look.ts';

export const expiring: Command = {
  name: 'expiring',
  summary: 'certificates of devices and brokers that end within 30 days',
  options: { limit: paging.limit, offset: paging.offset },
  async run(context) {
    const station = context.start({ broker: false, line: 'off' });
    const { limit, offset } = page(context);
    const found = await station.call('notices.list', { limit, offset });
    context.output.result(found, () =>
      table(
        ['NAME', 'SERIAL', 'ENDS', 'NOTICE', 'DEVICE TOLD'],
        found.rows.map((row) => [
          row.device,
          row.serial,
          row.notAfter,
          `${String(row.days)} days`,
          row.publishedAt ?? (row.use === 'device' ? 'not yet' : '-'),
        ]),
      ),
    );
    return exitCodes.OK;
  },
};
