import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../../contract/index.ts';
import type { OpenOptions } from '../driver.ts';
import { openAgain, openSettled } from '../open-settled.ts';
import { SerialLink } from '../serial-link.ts';
import { Transcript } from '../transcript.ts';
import { EspClient, RomRefusal, type CommandName, type CommandOptions, type RomAnswer } from './client.ts';
import type { EspRomProfile } from './profile.ts';

/** Between two tries to synchronise; the ROM needs a moment after its reset. */
const SYNC_MS = 150;
const SYNC_TRIES = 8;
/** The ROM answers SYNC eight times; those are through after this long. */
const DRAIN_MS = 30;
const SYNC_DATA = Buffer.from([0x07, 0x07, 0x12, 0x20, ...Array<number>(32).fill(0x55)]);
const RESET_MS = 100;
const BOOT_MS = 50;

type CallOptions = Pick<CommandOptions, 'signal' | 'checksum' | 'about'> & { readonly extraMs?: number };

/** The line to a chip whose ROM loader is to be talked to: reset, synchronised, at its speed. */
export class RomLine {
  readonly transcript: Transcript;
  readonly path: string;
  readonly #profile: EspRomProfile;
  #link: SerialLink | null = null;
  #client: EspClient | null = null;

  private constructor({ path, profile, onTranscript }: OpenOptions<EspRomProfile>) {
    this.path = path;
    this.#profile = profile;
    this.transcript = new Transcript(onTranscript);
  }

  /** @throws Failure PORT_*, NO_RESPONSE and the like when no ROM loader answers. */
  static async open(options: OpenOptions<EspRomProfile>): Promise<RomLine> {
    const line = new RomLine(options);
    await openSettled(() => line.#openOnce(), options.signal);
    try {
      await line.synchronise(options.signal);
      return line;
    } catch (thrown) {
      await line.close();
      throw thrown;
    }
  }

  /** After PORT_GONE: waits for the port to come back; what is behind it is still to be synchronised. */
  async reopen(signal: AbortSignal): Promise<void> {
    this.transcript.note('the unit went away; waiting for it to come back');
    await this.close();
    await openAgain(() => this.#openOnce(), this.#profile.replugMs, signal);
  }

  /** Synchronises once more, without a reset: after an answer was lost. */
  resynchronise(signal: AbortSignal): Promise<void> {
    return this.#sync(signal);
  }

  /** @throws Failure DEVICE_REFUSED with the loader's status and error; what `EspClient.command` throws. */
  async call(name: CommandName, words: readonly number[], options: CallOptions, data: Uint8Array = new Uint8Array()): Promise<RomAnswer> {
    if (this.#client === null) throw new Failure('PORT_GONE', { path: this.path }, 'the line is closed');
    const head = Buffer.alloc(words.length * 4);
    words.forEach((word, index) => head.writeUInt32LE(word >>> 0, index * 4));
    const body = Buffer.concat([head, data]);
    try {
      return await this.#client.command(name, body, { ...options, deadlineMs: this.#profile.exchangeMs + (options.extraMs ?? 0) });
    } catch (thrown) {
      if (!(thrown instanceof RomRefusal)) throw thrown;
      throw new Failure('DEVICE_REFUSED', { command: name, error: `status ${String(thrown.status)}, error ${String(thrown.reason)}` });
    } finally {
      body.fill(0);
    }
  }

  /** Lets the firmware run, where the port has the lines for it, and closes. */
  async close(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    if (link?.isOpen === true && this.#profile.reset !== 'manual') {
      await this.#lines(link, { dtr: false, rts: true })
        .then((has) => (has ? pause(RESET_MS).then(() => this.#lines(link, { dtr: false, rts: false })) : has))
        .catch(() => false);
    }
    await link?.close();
    this.#client?.break(new Failure('PORT_GONE', { path: this.path }, 'the line was closed'));
    this.#client = null;
  }

  async #openOnce(): Promise<void> {
    const link = await SerialLink.open({
      path: this.path,
      baudRate: this.#profile.baudRate,
      onData: (bytes) => {
        client.receive(bytes);
      },
      onLost: (failure) => {
        client.break(failure);
      },
    });
    const client = new EspClient(link, this.transcript);
    this.transcript.note(`opened ${this.path} at ${String(this.#profile.baudRate)} baud`);
    this.#link = link;
    this.#client = client;
  }

  /** Into the loader, and at its speed. */
  async synchronise(signal: AbortSignal): Promise<void> {
    await this.#intoLoader(signal);
    await this.#sync(signal);
    const { baudRate, fastBaudRate } = this.#profile;
    if (fastBaudRate === undefined || fastBaudRate === baudRate) return;
    try {
      // The second word is the old speed for a stub, 0 for a ROM.
      await this.call('CHANGE_BAUDRATE', [fastBaudRate, 0], { signal });
      await this.#link?.setBaudRate(fastBaudRate);
      this.transcript.note(`now at ${String(fastBaudRate)} baud`);
      await this.#sync(signal);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code === 'PORT_GONE' || signal.aborted) throw thrown;
      await this.#fallBack(fastBaudRate, thrown, signal);
    }
  }

  /** An adapter, a cable or a chip that does not carry the speed: the chip is reset, which brings it back to its first speed, and stays there. */
  async #fallBack(fastBaudRate: number, why: Failure, signal: AbortSignal): Promise<void> {
    this.transcript.note(`back to ${String(this.#profile.baudRate)} baud: ${why.code} at ${String(fastBaudRate)}`);
    await this.#link?.setBaudRate(this.#profile.baudRate);
    await this.#intoLoader(signal);
    await this.#sync(signal);
  }

  /** A pseudo terminal and some adapters have no lines: then whoever plugs the chip in has it in its loader already. */
  async #intoLoader(signal: AbortSignal): Promise<void> {
    const link = this.#link;
    const { reset } = this.#profile;
    if (link === null || reset === 'manual') return;
    const steps =
      reset === 'classic'
        ? [
            { dtr: false, rts: true, ms: RESET_MS },
            { dtr: true, rts: false, ms: BOOT_MS },
            { dtr: false, rts: false, ms: 0 },
          ]
        : [
            { dtr: false, rts: false, ms: RESET_MS },
            { dtr: true, rts: false, ms: RESET_MS },
            { dtr: true, rts: true, ms: 0 },
            { dtr: false, rts: true, ms: RESET_MS },
            { dtr: false, rts: false, ms: 0 },
          ];
    for (const { ms, ...lines } of steps) {
      if (!(await this.#lines(link, lines))) {
        this.transcript.note('the port has no reset lines: the chip must be in its loader already');
        return;
      }
      await pause(ms, undefined, { signal });
    }
  }

  #lines(link: SerialLink, lines: { readonly dtr: boolean; readonly rts: boolean }): Promise<boolean> {
    return link.setLines(lines);
  }

  async #sync(signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      if (this.#client === null) throw new Failure('PORT_GONE', { path: this.path }, 'the line is closed');
      try {
        const about = { try: tries };
        await this.#client.command('SYNC', SYNC_DATA, {
          signal,
          deadlineMs: tries === SYNC_TRIES ? this.#profile.exchangeMs : SYNC_MS,
          about,
        });
        await pause(DRAIN_MS, undefined, { signal });
        return;
      } catch (thrown) {
        const silent = thrown instanceof RomRefusal || (thrown instanceof Failure && thrown.code !== 'PORT_GONE' && !signal.aborted);
        if (!silent) throw thrown;
        if (tries < SYNC_TRIES) continue;
        throw thrown instanceof RomRefusal ? new Failure('WRONG_PROTOCOL', { path: this.path }, thrown) : thrown;
      }
    }
  }
}
