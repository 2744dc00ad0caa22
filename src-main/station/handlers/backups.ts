import type { HandlersOf } from '../dispatch/index.ts';
import type { HandlerContext } from './context.ts';

export const backupsHandlers = (station: HandlerContext): HandlersOf<'backups'> => ({
  'backups.create': (_input, caller) => station.live().backups.create('asked', caller.name),
  'backups.list': () => station.live().backups.list(),
  'backups.settings': () => station.live().backups.settings(),
  'backups.change': (settings, caller) => station.live().backups.change(settings, caller.name),
});
