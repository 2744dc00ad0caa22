/** The door of the log for every process. Whoever writes its files also uses `station-log.ts`, which loads pino. */
export { CaughtOutput } from './caught.ts';
export { currentIds, idNames, idsOf, rememberIds, underIds, withIds, type Ids } from './ids.ts';
export {
  components,
  isLogged,
  levelOf,
  levels,
  say,
  sayBug,
  sayUnder,
  sendLinesTo,
  withoutSecrets,
  type Component,
  type Level,
  type LogLine,
} from './line.ts';
export { readLog, searchable, type StoredLine, type Wanted } from './read.ts';
export { briefMs, holdSecret, holdSecretBriefly, keepSecret, secretsInUse } from './secrets.ts';
