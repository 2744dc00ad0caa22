import { exitCodes, Role, type CallOutput } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { readSecret } from '../pin.ts';
import { printRows, type Column } from '../rows.ts';
import type { StationProcess } from '../station-process.ts';
import { oneOf } from '../values.ts';

const columns: readonly Column<CallOutput<'operators.list'>[number]>[] = [
  { title: 'NAME', of: (one) => one.name },
  { title: 'ROLE', of: (one) => one.role },
  { title: 'PASSWORD', of: (one) => (one.passwordSet ? 'set' : 'none') },
];

export const listOperators = (context: CommandContext): Promise<number> => show(context, context.start({ broker: false, line: 'off' }));

export async function addOperator(context: CommandContext): Promise<number> {
  const { values } = context;
  const { role = 'technician' } = oneOf(values, 'role', Role.options);
  const file = values.text('password-file');
  const password = file === undefined ? null : await readSecret({ file, option: '--password-file', tryOut: false }, 'Password');
  const station = context.start({ broker: false, line: 'off' });
  await station.call('operators.add', { name: values.word, role, password });
  return show(context, station);
}

async function show(context: CommandContext, station: StationProcess): Promise<number> {
  await printRows(context, columns, await station.call('operators.list', {}));
  return exitCodes.OK;
}
