import { exitCodes, Failure } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';

export const clock: Command = {
  name: 'clock',
  summary: 'what the clock of this computer and other clocks say',
  options: { confirm: { help: 'the clock of this computer is right: go on with what waits for it (officer)' } },
  async run(context) {
    const station = context.start({ broker: true, line: 'off' });
    const view = await station.call(context.flag('confirm') ? 'clock.confirm' : 'clock.show', {});
    context.output.result(view, () =>
      table(
        ['CLOCK', 'TIME'],
        [['this computer', view.now], ['last time known', view.known], ...view.others.map(({ name, time }) => [name, time])],
      ),
    );
    if (view.doubt !== null) context.output.note(Failure.fromData(view.doubt).message);
    return view.doubt === null ? exitCodes.OK : exitCodes.REFUSED;
  },
};
