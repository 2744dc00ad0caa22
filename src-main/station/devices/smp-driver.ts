import type { Driver } from './driver.ts';
import { probed } from './probed.ts';
import { SmpFilesSession } from './smp-files-session.ts';
import { SmpSession } from './smp-session.ts';
import type { SmpFilesProfile, SmpProfile } from './smp/profile.ts';
import { UnitLine } from './smp/unit-line.ts';

/** MCUmgr/SMP over a serial console, with our provision group (native/device-agent/PROTOCOL.md). */
export const smpDriver: Driver<SmpProfile> = {
  open: (options) =>
    probed(
      options.signal,
      () => UnitLine.open(options),
      (line) => new SmpSession(line, options),
    ),
};

/** MCUmgr/SMP over a serial console, as Zephyr ships it: credentials are files. */
export const smpFilesDriver: Driver<SmpFilesProfile> = {
  open: (options) =>
    probed(
      options.signal,
      () => UnitLine.open(options),
      (line) => new SmpFilesSession(line, options),
    ),
};
