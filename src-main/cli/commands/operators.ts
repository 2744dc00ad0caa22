import { exitCodes, Failure, Role } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';
import { readSecret } from '../pin.ts';

export const operators: Command = {
  name: 'operators',
  summary: 'who may sign in to the app, and letting somebody else',
  options: {
    add: { argument: 'NAME', help: 'let this person sign in' },
    role: { argument: 'ROLE', help: `what they may do: one of ${Role.options.join(', ')} (default: technician)` },
    'password-file': { argument: 'FILE', help: 'file with their password; without it nobody is asked for one' },
  },
  async run(context) {
    const name = context.text('add');
    const role = Role.safeParse(context.text('role') ?? 'technician');
    if (!role.success) throw new Failure('INVALID_INPUT', { field: '--role', problem: `must be one of ${Role.options.join(', ')}` });
    const file = context.text('password-file');
    if (name === undefined && (file !== undefined || context.text('role') !== undefined)) {
      throw new Failure('INVALID_INPUT', { field: '--add', problem: 'a name is needed' });
    }
    const password = file === undefined ? null : await readSecret({ file, option: '--password-file', tryOut: false }, 'Password');
    const station = context.start({ broker: false, line: 'off' });
    if (name !== undefined) await station.call('operators.add', { name, role: role.data, password });
    const found = await station.call('operators.list', {});
    context.output.result({ operators: found }, () =>
      table(
        ['NAME', 'ROLE', 'PASSWORD'],
        found.map((one) => [one.name, one.role, one.passwordSet ? 'set' : 'none']),
      ),
    );
    return exitCodes.OK;
  },
};
