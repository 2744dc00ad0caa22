import { exitCodes, toFailureData, type FailureData } from '../../contract/index.ts';
import { makeStationKey, type StationKey } from '../../station/ca/index.ts';
import {
  openUnit,
  transcriptText,
  type CallOptions,
  type DeviceProfile,
  type IdentifiedUnit,
  type StoredItem,
  type TranscriptLine,
  type UnitSession,
} from '../../station/devices/index.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';
import { readDeviceProfile } from '../profile-files.ts';
import { ThrowAwayCa } from '../throw-away-ca.ts';
import { writeTranscript } from './transcript.ts';

interface Tried {
  readonly step: string;
  readonly ms: number;
  /** `ok`, what the profile does without, or the code of a failure. */
  readonly result: string;
}

/** Tries a profile on a unit without any station: no token, no broker, nothing is recorded but what was said. */
export async function tryProfile(context: CommandContext): Promise<number> {
  const path = context.values.needed('port');
  const profile = readDeviceProfile(context.values.word);
  const lines: TranscriptLine[] = [];
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort();
  };
  process.once('SIGINT', interrupt);
  const trial = new Trial(profile, path, { signal: stop.signal }, (line) => lines.push(line));
  try {
    await trial.run(context.values.flag('write'));
  } finally {
    process.removeListener('SIGINT', interrupt);
    const out = context.values.text('transcript');
    if (out !== undefined) writeTranscript(out, lines);
  }
  const { failure, unit, steps } = trial;
  context.output.result({ unit, steps }, () =>
    [
      transcriptText(lines),
      '',
      table(
        ['STEP', 'MS', 'RESULT'],
        steps.map(({ step, ms, result }) => [step, String(ms), result]),
      ),
    ].join('\n'),
  );
  return failure === null ? exitCodes.OK : context.output.failure(failure);
}

class Trial {
  readonly steps: Tried[] = [];
  unit: IdentifiedUnit | null = null;
  failure: FailureData | null = null;
  readonly #profile: DeviceProfile;
  readonly #path: string;
  readonly #options: CallOptions;
  readonly #onTranscript: (line: TranscriptLine) => void;

  constructor(profile: DeviceProfile, path: string, options: CallOptions, onTranscript: (line: TranscriptLine) => void) {
    this.#profile = profile;
    this.#path = path;
    this.#options = options;
    this.#onTranscript = onTranscript;
  }

  async run(write: boolean): Promise<void> {
    let session: UnitSession | null = null;
    try {
      const open = await this.#step('open', () =>
        openUnit({ path: this.#path, profile: this.#profile, onTranscript: this.#onTranscript, signal: this.#options.signal }),
      );
      session = open;
      this.unit = await this.#step('identify', () => open.identify(this.#options));
      if (write) await this.#write(open, this.unit);
    } catch (thrown) {
      this.failure = toFailureData(thrown);
    } finally {
      await session?.close();
    }
  }

  async #write(session: UnitSession, unit: IdentifiedUnit): Promise<void> {
    const options = this.#options;
    const { capabilities } = session;
    const key: StationKey | null = this.#profile.key === 'station' ? await makeStationKey(this.#profile.keyAlgorithm, 'try/unit') : null;
    try {
      const csr = key?.csr ?? (await this.#step('key', async () => (await session.generateKey('try/unit', options)).csr));
      const { credentials, spki } = new ThrowAwayCa().issue(csr, this.#profile.keyAlgorithm);
      const given = key === null ? credentials : { ...credentials, privateKey: key.pkcs8 };
      const installed = await this.#step('install', () => session.install(given, unit, options));
      await this.#where(capabilities.unread !== 'all', 'read-back', () => this.#readBack(session, installed));
      await this.#where(capabilities.possession, 'possession', () => session.provePossession(spki, options));
      await this.#step('activate', () => session.activate(options));
      await this.#step('erase', () => session.erase(options));
    } finally {
      key?.wipe();
    }
  }

  /** What the unit tells no digest of. */
  async #readBack(session: UnitSession, installed: readonly StoredItem[]): Promise<string> {
    const untold = await session.readBack(installed, this.#options);
    return untold.length === 0 ? 'ok' : `no digest of: ${untold.join(', ')}; the verdict names the gap`;
  }

  async #where(can: boolean, step: string, work: () => Promise<unknown>): Promise<void> {
    if (can) await this.#step(step, work);
    else this.steps.push({ step, ms: 0, result: 'the profile has none: the verdict names the gap' });
  }

  async #step<T>(step: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const took = (): number => Math.round(performance.now() - began);
    try {
      const result = await work();
      this.steps.push({ step, ms: took(), result: step === 'read-back' ? String(result) : 'ok' });
      return result;
    } catch (thrown) {
      this.steps.push({ step, ms: took(), result: toFailureData(thrown).code });
      throw thrown;
    }
  }
}
