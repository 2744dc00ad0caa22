import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { PinTries } from './wrong-pins.ts';

const Counts = z.array(z.tuple([z.string(), z.int().min(0), z.number()]));

/** Wrong PINs in a file: a command line that starts a signer for each try would otherwise count to one. A file that is damaged counts as none. */
export function pinTriesIn(path: string): PinTries {
  return {
    load: () => {
      try {
        return Counts.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch {
        return [];
      }
    },
    save: (counts) => {
      writeFileSync(`${path}.new`, JSON.stringify(counts), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
