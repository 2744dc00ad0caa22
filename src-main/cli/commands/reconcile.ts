import { exitCodes } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';

export const reconcile: Command = {
  name: 'reconcile',
  summary: 'what the registry, the broker host’s files and the broker disagree on; nothing is changed',
  options: {},
  async run(context) {
    const station = context.start({ broker: true, line: 'off' });
    const found = await station.call('broker.reconcile', {});
    context.output.result(found, () =>
      table(
        ['COMPARED', 'CHECKED', 'DIFFERENCES', 'FIRST OF THEM'],
        found.findings.map(({ name, checked, differences, examples }) => [name, String(checked), String(differences), examples.join(', ')]),
      ),
    );
    return found.verdict === 'PASS' ? exitCodes.OK : exitCodes.BROKER;
  },
};
