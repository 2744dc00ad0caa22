import { Failure, type Unit } from '../../../contract/index.ts';
import type { CallOptions, Credentials, IdentifiedUnit, OpenOptions, StoredItem, StoredKind, UnitSession } from '../driver.ts';
import { openAgain, openSettled } from '../open-settled.ts';
import { SerialLink } from '../serial-link.ts';
import { Transcript } from '../transcript.ts';
import { StoringUnit } from '../storing-unit.ts';
import { UnitSteps } from '../unit-steps.ts';
import { boardFiles, pathsOf, prepare, readIdentity, removeFile, sha256, storedDigest, writeFile } from './board.ts';
import type { MicroPythonProfile } from './profile.ts';
import { RawRepl } from './raw-repl.ts';

/** One board in its raw REPL, from `open` to `close`. */
export class MicroPythonSession extends StoringUnit implements UnitSession {
  readonly capabilities = { keyOnDevice: false, unread: [], possession: false, selfTest: false, lock: false } as const;
  readonly #path: string;
  readonly #profile: MicroPythonProfile;
  readonly #transcript: Transcript;
  readonly #steps: UnitSteps;
  #link: SerialLink | null = null;
  #repl: RawRepl | null = null;
  #hardwareId: string | null = null;

  private constructor({ path, profile, onTranscript }: OpenOptions<MicroPythonProfile>) {
    super();
    this.#path = path;
    this.#profile = profile;
    this.#transcript = new Transcript(onTranscript);
    this.#steps = new UnitSteps(profile, {
      confirm: (signal) => this.#confirm(signal),
      reopen: (signal) => this.#reopen(signal),
      wake: (signal) => this.#enter(signal),
    });
  }

  static async open(options: OpenOptions<MicroPythonProfile>): Promise<MicroPythonSession> {
    const session = new MicroPythonSession(options);
    try {
      await openSettled(() => session.#openOnce(), options.signal);
      await session.#enter(options.signal);
      return session;
    } catch (thrown) {
      await session.close();
      throw thrown;
    }
  }

  identify(options: CallOptions): Promise<IdentifiedUnit> {
    return this.#steps.run('identify', options, async (signal) => {
      const unit = await this.#confirm(signal);
      let provisioned = false;
      for (const { path } of pathsOf(this.#profile)) provisioned ||= (await storedDigest(this.#board(), path, signal)) !== null;
      return { ...unit, locked: false, provisioned };
    });
  }

  async install(credentials: Credentials, expected: Unit, options: CallOptions): Promise<readonly StoredItem[]> {
    const files = boardFiles(this.#profile, credentials);
    const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    try {
      return await this.#steps.run('install', options, async (signal) => {
        let done = 0;
        for (const file of files) {
          await this.#confirm(signal, expected.hardwareId);
          if (!this.#steps.left.includes(file.item)) this.#steps.left.push(file.item);
          const step = (bytes: number): void => options.onProgress?.({ done: (done += bytes), total });
          const there = await storedDigest(this.#board(), file.path, signal);
          if (there?.digest === sha256(file.bytes)) step(file.bytes.length);
          else await writeFile(this.#board(), file, signal, step);
        }
        this.#steps.left = [];
        return files.map(({ item, bytes }) => ({ item, bytes: bytes.length, algorithm: 'sha256', digest: sha256(bytes) }));
      });
    } finally {
      for (const { bytes } of files) bytes.fill(0);
    }
  }

  readBack(installed: readonly StoredItem[], options: CallOptions): Promise<readonly StoredKind[]> {
    return this.#steps.run('readBack', options, async (signal) => {
      for (const { item, digest } of installed) {
        const path = pathsOf(this.#profile).find((one) => one.item === item)?.path ?? item;
        const actual = (await storedDigest(this.#board(), path, signal))?.digest ?? 'nothing';
        if (actual !== digest) throw new Failure('VERIFY_MISMATCH', { item: path, expected: digest, actual });
      }
      return [];
    });
  }

  erase(options: CallOptions): Promise<void> {
    return this.#steps.run('erase', options, async (signal) => {
      await this.#confirm(signal);
      for (const { path } of pathsOf(this.#profile)) await removeFile(this.#board(), path, signal);
      this.#steps.left = [];
    });
  }

  async close(): Promise<void> {
    this.#steps.close();
    await this.#repl?.leave().catch(() => undefined);
    await this.#closeLine();
  }

  async #reopen(signal: AbortSignal): Promise<void> {
    this.#transcript.note('the unit went away; waiting for it to come back');
    await this.#closeLine();
    await openAgain(() => this.#openOnce(), this.#profile.replugMs, signal);
  }

  async #closeLine(): Promise<void> {
    await this.#link?.close();
    this.#repl?.break(new Failure('PORT_GONE', { path: this.#path }, 'the line was closed'));
    this.#link = null;
    this.#repl = null;
  }

  async #enter(signal: AbortSignal): Promise<void> {
    await this.#board().enter(signal);
    await prepare(this.#board(), signal);
  }

  async #openOnce(): Promise<void> {
    const link = await SerialLink.open({
      path: this.#path,
      baudRate: this.#profile.baudRate,
      line: this.#profile.line,
      onData: (bytes) => {
        repl.receive(bytes);
      },
      onLost: (failure) => {
        repl.break(failure);
      },
    });
    const repl = new RawRepl(link, this.#transcript, this.#profile.exchangeMs);
    this.#transcript.note(`opened ${this.#path} at ${String(this.#profile.baudRate)} baud`);
    this.#link = link;
    this.#repl = repl;
  }

  #board(): RawRepl {
    if (this.#repl === null) throw new Failure('PORT_GONE', { path: this.#path }, 'the line is closed');
    return this.#repl;
  }

  async #confirm(signal: AbortSignal, expected = this.#hardwareId): Promise<{ hardwareId: string; model: string; firmware: string }> {
    const now = await readIdentity(this.#board(), signal);
    if (expected !== null && now.hardwareId !== expected) throw new Failure('DEVICE_SWAPPED', { expected, actual: now.hardwareId });
    this.#hardwareId = now.hardwareId;
    return now;
  }
}
