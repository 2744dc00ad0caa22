import { Failure } from '../../contract/index.ts';
import { consoleDriver } from './console-driver.ts';
import type { DeviceProfile, Driver, DriverOptions, OpenOptions, TranscriptLine, UnitSession } from './driver.ts';
import { espRomDriver } from './esp-rom/driver.ts';
import { GuardedSession, withoutSecrets } from './guarded-session.ts';
import { MicroPythonSession } from './micropython/session.ts';
import { smpDriver, smpFilesDriver } from './smp-driver.ts';
import { withinStep } from './step-deadlines.ts';
import { UnitSecrets } from './unit-secrets.ts';

/** Profiles by the name of their driver. */
type Profiles = { [P in DeviceProfile as P['driver']]: P };
type ProfileOf<N extends keyof Profiles> = { [K in N]: { readonly driver: K } & Profiles[K] }[N];

/** Every driver, by the name that profiles use. What its profiles may say is in the union of `profiles.ts`. */
const drivers: { readonly [N in keyof Profiles]: Driver<Profiles[N]> } = {
  smp: smpDriver,
  'smp-files': smpFilesDriver,
  console: consoleDriver,
  'esp-rom': espRomDriver,
  micropython: MicroPythonSession,
};

/**
 * Opens the line to a unit with the driver that its profile names, and finds out whether it speaks the protocol. Neither its transcript nor a failure has a
 * secret in it.
 * @throws Failure PORT_BUSY, PORT_DENIED, PORT_GONE, NO_RESPONSE, WRONG_PROTOCOL, WRONG_BAUD_SUSPECTED, LINK_CORRUPT, CANCELLED, TIMEOUT.
 */
export async function openUnit({ onTranscript, ...options }: OpenOptions): Promise<UnitSession> {
  const secrets = new UnitSecrets();
  const told = (line: TranscriptLine): void => onTranscript?.({ ...line, text: secrets.hide(line.text) });
  const open = (signal: AbortSignal): Promise<UnitSession> => openAs(options.profile, { ...options, signal, secrets, onTranscript: told });
  const session = await withoutSecrets(secrets, () => withinStep('open', options.profile.stepMs, options.signal, open)).catch(
    (thrown: unknown) => {
      throw options.signal.aborted ? new Failure('CANCELLED', { left: 'as they were' }, options.signal.reason) : thrown;
    },
  );
  return new GuardedSession(session, secrets);
}

function openAs<N extends keyof Profiles>(profile: ProfileOf<N>, options: Omit<DriverOptions, 'profile'>): Promise<UnitSession> {
  return drivers[profile.driver].open({ ...options, profile });
}
