import { Failure } from '../../contract/index.ts';
import type { Driver } from './driver.ts';
import { SmpSession } from './smp-session.ts';
import type { SmpProfile } from './smp/profile.ts';
import { UnitLine } from './smp/unit-line.ts';

/** MCUmgr/SMP over a serial console, with our provision group (native/device-agent/PROTOCOL.md). */
export const smpDriver: Driver<SmpProfile> = {
  async open(options) {
    let line: UnitLine | null = null;
    try {
      line = await UnitLine.open(options);
      const session = new SmpSession(line, options);
      await session.probe(options.signal);
      return session;
    } catch (thrown) {
      await line?.close();
      if (options.signal.aborted) throw new Failure('CANCELLED', { left: 'as they were' }, options.signal.reason);
      throw thrown;
    }
  },
};
