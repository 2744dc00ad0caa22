import { exitCodes, type CallOutput } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';

export const showClock = async (context: CommandContext): Promise<number> =>
  show(context, await context.start({ broker: true, line: 'off' }).call('clock.show', {}));

export const confirmClock = async (context: CommandContext): Promise<number> =>
  show(context, await context.start({ broker: true, line: 'off' }).call('clock.confirm', {}));

function show({ output }: CommandContext, view: CallOutput<'clock.show'>): number {
  output.result(view, () =>
    table(
      ['CLOCK', 'TIME'],
      [['this computer', view.now], ['last time known', view.known], ...view.others.map(({ name, time }) => [name, time])],
    ),
  );
  return view.doubt === null ? exitCodes.OK : output.failure(view.doubt);
}
