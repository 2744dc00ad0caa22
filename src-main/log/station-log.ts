import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { levels, withoutSecrets, type Level, type LogLine } from './line.ts';
import { logFile, usualRotation, type Rotation } from './files.ts';
import { RotatingFile } from './rotating-file.ts';

/** The log of a data folder, written by the process that supervises its services. */
export interface StationLog {
  readonly level: Level;
  write(line: LogLine): void;
  /** Resolves when what was written is on its way to the disk, or cannot be. */
  flush(): Promise<void>;
  /** For a process that ends at once. */
  writeNow(): void;
  close(): Promise<void>;
}

export interface StationLogOptions {
  readonly dataDir: string;
  readonly level: Level;
  readonly rotation?: Rotation;
  /** Until then the lines wait; without it until a station has taken the folder: one that is none's is left as it is. */
  readonly mayWrite?: () => boolean;
  /** Where a person reads that the log cannot be written; the station goes on. */
  readonly onTrouble: (text: string) => void;
}

export function openStationLog({
  dataDir,
  level,
  rotation = usualRotation,
  mayWrite = () => isTaken(dataDir),
  onTrouble,
}: StationLogOptions): StationLog {
  const file = new RotatingFile({
    path: logFile(dataDir),
    rotation,
    mayWrite,
    onTrouble: (thrown) =>
      onTrouble(
        `The log in ${join(dataDir, 'log')} cannot be written (${String((thrown as NodeJS.ErrnoException).code)}); the station goes on.`,
      ),
  });
  const out = pino(
    { level, base: null, timestamp: false, formatters: { level: (name) => ({ level: name }) } },
    { write: (text: string) => file.write(text) },
  );
  return {
    level,
    // What a service sent was redacted there; here it is once more, with what this process knows.
    write: (line) => {
      try {
        const { time, component, message, ids, facts, level: given } = withoutSecrets(line);
        out[levels.find((known) => known === given) ?? 'error']({ time, component, ...ids, ...facts }, '%s', message);
      } catch {
        // A service that went wrong may send anything; its line is no reason to end the others.
      }
    },
    flush: () => file.flush(),
    writeNow: () => file.writeNow(),
    close: () => file.close(),
  };
}

const isTaken = (dataDir: string): boolean => existsSync(join(dataDir, 'station.lock'));
