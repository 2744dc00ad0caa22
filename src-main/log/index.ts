export { CaughtOutput } from './caught.ts';
export { currentIds, underIds, withIds, type Ids } from './ids.ts';
export { isLogged, levels, say, sayBug, sayUnder, sendLinesTo, type Component, type Level, type LogLine } from './line.ts';
export { readLog, searchable, type StoredLine, type Wanted } from './read.ts';
export { holdSecret, secretsInUse } from './secrets.ts';
export { levelOf, openStationLog, type StationLog } from './station-log.ts';
