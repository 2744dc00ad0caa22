import { Failure } from '../../contract/index.ts';
import type { Driver, OpenOptions, UnitSession } from './driver.ts';
import { SmpFilesSession } from './smp-files-session.ts';
import { SmpSession } from './smp-session.ts';
import type { SmpFilesProfile, SmpProfile } from './smp/profile.ts';
import { UnitLine } from './smp/unit-line.ts';

/** MCUmgr/SMP over a serial console, with our provision group (native/device-agent/PROTOCOL.md). */
export const smpDriver: Driver<SmpProfile> = { open: (options) => opened(options, SmpSession) };

/** MCUmgr/SMP over a serial console, as Zephyr ships it: credentials are files. */
export const smpFilesDriver: Driver<SmpFilesProfile> = { open: (options) => opened(options, SmpFilesSession) };

interface ProbedSession extends UnitSession {
  /** Is this our protocol? Reads only. */
  probe(signal: AbortSignal): Promise<void>;
}

async function opened<P extends SmpProfile | SmpFilesProfile>(
  options: OpenOptions<P>,
  Session: new (line: UnitLine, options: OpenOptions<P>) => ProbedSession,
): Promise<UnitSession> {
  let line: UnitLine | null = null;
  try {
    line = await UnitLine.open(options);
    const session = new Session(line, options);
    await session.probe(options.signal);
    return session;
  } catch (thrown) {
    await line?.close();
    if (options.signal.aborted) throw new Failure('CANCELLED', { left: 'as they were' }, options.signal.reason);
    throw thrown;
  }
}
