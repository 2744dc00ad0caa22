import { exitCodes, Failure, Role, type CallOutput } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { printRows, type Column } from '../rows.ts';
import { NewFile } from '../files.ts';
import { oneOf } from '../values.ts';

const columns: readonly Column<CallOutput<'accessKeys.list'>[number]>[] = [
  { title: 'NAME', of: (key) => key.name },
  { title: 'ROLE', of: (key) => key.role },
  { title: 'MADE', of: (key) => key.at },
  { title: 'BY', of: (key) => key.addedBy },
  { title: 'UNTIL', of: (key) => key.expiresAt },
  { title: 'SERVICE', of: (key) => key.service },
  { title: 'WITHDRAWN', of: (key) => key.withdrawnAt },
];

export async function listAccessKeys(context: CommandContext): Promise<number> {
  await printRows(context, columns, await context.start({ broker: false, line: 'off' }).call('accessKeys.list', {}));
  return exitCodes.OK;
}

export async function addAccessKey(context: CommandContext): Promise<number> {
  const { values } = context;
  const { role = 'technician' } = oneOf(values, 'role', Role.options);
  const days = values.number('days', { min: 1, max: 730, fallback: 90 });
  const [service, out] = [values.text('service') ?? null, values.text('out')];
  if ((service === null) === (out === undefined))
    throw new Failure('INVALID_INPUT', { field: '--out', problem: 'name exactly one of --out and --service' });
  // A key that is shown once must have where it goes before it is made.
  const file = out === undefined ? null : new NewFile(out, 0o600);
  if (file !== null) context.atEnd(() => file.close());
  const station = context.start({ broker: false, line: 'off' });
  const { key, view } = await station.call('accessKeys.add', { name: values.word, role, days, service });
  file?.fill(`${key ?? ''}\n`);
  const opens = file === null ? `Certificates of the service ${service ?? ''} open over HTTP.` : `Its key: ${file.path}`;
  context.output.result(view, () => `${view.name} may call this station as ${view.role} until ${view.expiresAt}. ${opens}`);
  return exitCodes.OK;
}

export async function withdrawAccessKey(context: CommandContext): Promise<number> {
  const name = context.values.word;
  await context.start({ broker: false, line: 'off' }).call('accessKeys.withdraw', { name });
  context.output.result({ name }, () => `The key ${name} opens nothing any more.`);
  return exitCodes.OK;
}
