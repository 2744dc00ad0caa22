import type { HandlersOf } from '../dispatch/index.ts';
import type { HandlerContext } from './context.ts';

export const folderHandlers = (station: HandlerContext): HandlersOf<'folder'> => ({
  'folder.show': () => station.live().folder.view(),
  'folder.confirm': ({ note }, caller) => station.live().confirmFolder(note, caller.name),
});
