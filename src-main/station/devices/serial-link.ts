import { SerialPort } from 'serialport';
import { Failure } from '../../contract/index.ts';
import { startDeadline } from './deadline.ts';
import { isNoSuchLine, openFailure } from './port-errors.ts';
import { portAt } from './position.ts';
import { presence } from './presence.ts';
import type { LineSettings } from './profile-fields.ts';

export interface SerialLinkOptions {
  /** A path, or another position (position.ts): where the unit is looked for each time that a link is opened. */
  readonly path: string;
  readonly baudRate: number;
  /** Without it 8N1 and no flow control. */
  readonly line?: LineSettings | undefined;
  readonly onData: (bytes: Uint8Array) => void;
  /** Once, when the line ended other than by `close()`: PORT_GONE, or what a write ran into. */
  readonly onLost: (failure: Failure) => void;
}

/** Unplugging is not always reported (no event on some systems; a port that hangs up while it is opened reads 0 bytes for ever): look as well. */
const PRESENCE_POLL_MS = 250;
/** More than any serial line delivers. A peer that sends faster than this is slowed down, so that it takes no time from the other slots. */
const WINDOW_MS = 20;
const WINDOW_BYTES = 40 * 1024;

const usual: LineSettings = { dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' };

/** The settings of a profile as the port takes them. */
export const portSettings = ({ dataBits, parity, stopBits, flowControl }: LineSettings = usual) =>
  ({ dataBits, parity, stopBits, rtscts: flowControl === 'rts-cts', xon: false, xoff: false }) as const;

/** A serial port with its traps covered: locked for us alone, without XON/XOFF, which would eat bytes of a binary protocol. */
export class SerialLink {
  readonly path: string;
  #baudRate: number;
  readonly #port: SerialPort;
  readonly #onLost: (failure: Failure) => void;
  #state: 'open' | 'closed' = 'open';
  #closing: Promise<void> | null = null;
  #presenceTimer: NodeJS.Timeout | null = null;
  #windowBytes = 0;
  #windowTimer: NodeJS.Timeout | null = null;

  private constructor(port: SerialPort, options: SerialLinkOptions) {
    this.path = options.path;
    this.#baudRate = options.baudRate;
    this.#port = port;
    this.#onLost = options.onLost;
    // Without a reader of `data` an unplugged port is never reported; without one of `error` a cancelled write ends the process.
    port.on('data', (bytes: Buffer) => {
      this.#received(bytes, options.onData);
    });
    port.on('error', () => undefined);
    port.on('close', (error: Error | null) => {
      this.#lose(new Failure('PORT_GONE', { path: this.path }, error ?? undefined));
    });
  }

  /** @throws Failure PORT_BUSY, PORT_DENIED, PORT_GONE, WRONG_PROTOCOL (a file that is no serial port). */
  static async open(options: SerialLinkOptions): Promise<SerialLink> {
    const before = await presence(options.path);
    const path = await portAt(options.path);
    if (before === null || path === null) throw new Failure('PORT_GONE', { path: options.path });
    const port = new SerialPort({
      path,
      baudRate: options.baudRate,
      autoOpen: false,
      lock: true,
      ...portSettings(options.line),
    });
    await new Promise<void>((resolve, reject) => {
      port.open((error) => {
        if (error) reject(openFailure(options.path, error));
        else resolve();
      });
    });
    const link = new SerialLink(port, options);
    link.#watchPresence(before);
    return link;
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /**
   * Resolves when the system has taken the bytes.
   * @throws Failure NO_RESPONSE when the peer does not take them within the deadline (the line is closed then: the bytes cannot be taken back), PORT_GONE.
   */
  write(bytes: Uint8Array, deadlineMs: number): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(new Failure('PORT_GONE', { path: this.path }));
    return new Promise((resolve, reject) => {
      const stopDeadline = startDeadline(deadlineMs, () => {
        const failure = new Failure('NO_RESPONSE', { path: this.path, ms: Math.round(deadlineMs) }, 'the unit takes no bytes');
        reject(failure);
        this.#lose(failure);
      });
      this.#port.write(Buffer.from(bytes), undefined, (error) => {
        stopDeadline();
        if (error) reject(new Failure('PORT_GONE', { path: this.path }, error));
        else resolve();
      });
    });
  }

  /** The other side has changed its speed already. @throws Failure PORT_GONE. */
  async setBaudRate(baudRate: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#port.update({ baudRate }, (error) => {
        if (error) reject(new Failure('PORT_GONE', { path: this.path }, error));
        else resolve();
      });
    });
    this.#baudRate = baudRate;
  }

  /** Sets DTR and RTS. False: this port has no such lines, which is no failure. */
  async setLines(lines: { readonly dtr: boolean; readonly rts: boolean }): Promise<boolean> {
    const error = await new Promise<Error | null>((resolve) => {
      this.#port.set(lines, resolve);
    });
    if (error === null) return true;
    if (isNoSuchLine(error)) return false;
    throw new Failure('PORT_GONE', { path: this.path }, error);
  }

  /** Can be called twice, and while writes wait; resolves when the port is free for the next one. */
  close(): Promise<void> {
    this.#state = 'closed';
    if (this.#presenceTimer !== null) clearInterval(this.#presenceTimer);
    if (this.#windowTimer !== null) clearTimeout(this.#windowTimer);
    this.#closing ??= new Promise((resolve) => {
      if (this.#port.isOpen)
        this.#port.close(() => {
          resolve();
        });
      else resolve();
    });
    return this.#closing;
  }

  #lose(failure: Failure): void {
    if (this.#state === 'closed') return;
    void this.close();
    this.#onLost(failure);
  }

  #received(bytes: Buffer, onData: (bytes: Uint8Array) => void): void {
    if (this.#state === 'closed') return;
    this.#windowBytes += bytes.length;
    if (this.#windowBytes > WINDOW_BYTES) this.#port.pause();
    this.#windowTimer ??= setTimeout(() => {
      this.#windowTimer = null;
      this.#windowBytes = 0;
      if (this.#state === 'open') this.#port.resume();
    }, WINDOW_MS);
    onData(bytes);
  }

  #watchPresence(before: string): void {
    let looking = false;
    this.#presenceTimer = setInterval(() => {
      if (looking) return;
      looking = true;
      void presence(this.path).then((now) => {
        looking = false;
        if (now !== before)
          this.#lose(new Failure('PORT_GONE', { path: this.path }, now === null ? 'the port is not there' : 'the port is another one now'));
      });
    }, PRESENCE_POLL_MS);
  }
}
