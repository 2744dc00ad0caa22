import { exitCodes } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';

export async function reconcile(context: CommandContext): Promise<number> {
  const station = context.start({ broker: true, line: 'off' });
  const found = await station.call('broker.reconcile', {});
  context.output.result(found, () =>
    table(
      ['COMPARED', 'CHECKED', 'DIFFERENCES', 'FIRST OF THEM'],
      found.findings.map(({ name, checked, differences, examples }) => [name, String(checked), String(differences), examples.join(', ')]),
    ),
  );
  return found.verdict === 'PASS' ? exitCodes.OK : exitCodes.BROKER;
}
