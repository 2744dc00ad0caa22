import { Failure } from '../../../contract/index.ts';
import type { Driver } from '../driver.ts';
import type { EspRomProfile } from './profile.ts';
import { RomLine } from './rom-line.ts';
import { EspRomSession } from './session.ts';

/** The ROM loader of Espressif chips, without a stub: whole partitions are written into the flash. */
export const espRomDriver: Driver<EspRomProfile> = {
  async open(options) {
    let line: RomLine | null = null;
    try {
      line = await RomLine.open(options);
      const session = new EspRomSession(line, options);
      await session.probe(options.signal);
      return session;
    } catch (thrown) {
      await line?.close();
      if (options.signal.aborted) throw new Failure('CANCELLED', { left: 'as they were' }, options.signal.reason);
      throw thrown;
    }
  },
};
