import type { Driver } from '../driver.ts';
import { probed } from '../probed.ts';
import type { EspRomProfile } from './profile.ts';
import { RomLine } from './rom-line.ts';
import { EspRomSession } from './session.ts';

/** The ROM loader of Espressif chips, without a stub: whole partitions are written into the flash. */
export const espRomDriver: Driver<EspRomProfile> = {
  open: (options) =>
    probed(
      options.signal,
      () => RomLine.open(options),
      (line) => new EspRomSession(line, options),
    ),
};
