import { existsSync } from 'node:fs';
import { levelOf, sayBug, sendLinesTo, type Level, type LogLine } from '../log/index.ts';
import { openStationLog } from '../log/station-log.ts';
import { logBugsTo } from '../contract/index.ts';

export interface DesktopLog {
  readonly level: Level;
  write(line: LogLine): void;
  /** A line of the main process itself. */
  say(level: Level, message: string): void;
  /** For a process that ends at once. */
  writeNow(): void;
  close(): Promise<void>;
}

/** The log of the station in this folder; what a person at a terminal should see is on stderr as well. */
export function openDesktopLog(dataDir: string): DesktopLog {
  // Whoever read stderr may be gone (a pipe that was closed); the file still has the line.
  process.stderr.on('error', () => undefined);
  const show = (time: string, text: string): void => void process.stderr.write(`${time} ${text}\n`);
  const asked = levelOf(process.env['BIRTHMARK_LOG_LEVEL']);
  const log = openStationLog({
    dataDir,
    level: asked ?? 'info',
    // The folder of the window is in it already; a station that cannot start has a reason that must be found.
    mayWrite: () => existsSync(dataDir),
    onTrouble: (text) => show(new Date().toISOString(), text),
  });
  const write = (line: LogLine): void => {
    log.write(line);
    const isOurs = line.component === 'desktop' || line.component === 'supervisor';
    if (isOurs || line.facts['printed'] === true || line.level === 'error') show(line.time, line.message);
  };
  const say = (level: Level, message: string): void =>
    write({ level, component: 'desktop', message, time: new Date().toISOString(), ids: {}, facts: {} });
  sendLinesTo(write, log.level);
  logBugsTo(sayBug);
  if (asked === null) say('warn', 'BIRTHMARK_LOG_LEVEL is no level: info is used');
  return { level: log.level, write, say, writeNow: () => log.writeNow(), close: () => log.close() };
}
