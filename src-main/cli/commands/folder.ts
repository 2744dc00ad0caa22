import { exitCodes, type FolderView } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { facts } from '../output.ts';

const without = { broker: false, line: 'off' } as const;

export async function showFolder(context: CommandContext): Promise<number> {
  return told(context, await context.start(without).call('folder.show', {}));
}

export async function confirmFolder(context: CommandContext): Promise<number> {
  return told(context, await context.start(without).call('folder.confirm', { note: context.values.needed('note') }));
}

function told(context: CommandContext, view: FolderView): number {
  context.output.result(view, () => facts([['folder', view.path]]));
  if (view.doubt === null) return exitCodes.OK;
  context.output.explain(view.doubt);
  return exitCodes.REFUSED;
}
