import { join } from 'node:path';

export interface Rotation {
  readonly maxBytes: number;
  /** Older files beside the one that is written. */
  readonly kept: number;
}
export const usualRotation: Rotation = { maxBytes: 10 * 1024 * 1024, kept: 9 };

export const logFile = (dataDir: string): string => join(dataDir, 'log', 'station.log');

/** `station.log`, then `station.1.log` (the newest of the old ones) and so on. */
export const numbered = (path: string, number: number): string => (number === 0 ? path : path.replace(/\.log$/u, `.${String(number)}.log`));
