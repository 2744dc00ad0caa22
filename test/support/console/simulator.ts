import { randomBytes } from 'node:crypto';
import { PtyPeer } from '../pty-peer.ts';

/** What can be wrong with a simulated console unit; all may be changed while it runs. */
export interface ConsoleFaults {
  /** From now on it takes bytes and says nothing. */
  hung?: boolean;
  /** It hangs up, as when its plug is pulled, after so many more bytes have been received. */
  dieAfterBytes?: number;
  /** It says bytes that make no sense, as at another speed. */
  garbled?: boolean;
  /** Lines that it says unasked before every answer. */
  unsolicited?: readonly string[];
  /** Text that it says unasked in front of the bytes of an answer, without a line end of its own. */
  noise?: string;
  /** Of what is stored, after so many that are good, one has another byte. */
  corruptStored?: number;
  /** It has no room left. */
  full?: boolean;
}

/** A unit with a console, simulated on a real pseudo terminal. What it says follows its maker’s documents, not what our driver sends. */
export abstract class SimulatedConsole {
  readonly faults: ConsoleFaults;
  /** Everything that was received, for what must never have been sent. */
  received = Buffer.alloc(0);
  #waiting: { readonly pattern: RegExp; readonly waits: boolean; readonly done: () => void }[] = [];
  /** What has come since it was told to wait; null: it works. */
  #later: Buffer[] | null = null;
  #peer: PtyPeer | null = null;
  #path = '';

  constructor(faults: ConsoleFaults = {}) {
    this.faults = faults;
  }

  async start(): Promise<this> {
    this.#peer = await PtyPeer.start('bridge', (bytes) => this.#receive(bytes), this.#peer ?? undefined);
    this.#path = this.#peer.path;
    this.#later = null;
    this.started();
    return this;
  }

  get path(): string {
    return this.#path;
  }

  /** Resolves once what was received matches. `waits`: the unit does nothing more until `goOn`, or until it has power again. */
  heard(pattern: RegExp, { waits = false } = {}): Promise<void> {
    return new Promise((done) => this.#waiting.push({ pattern, waits, done }));
  }

  goOn(): void {
    const later = this.#later ?? [];
    this.#later = null;
    for (const bytes of later) this.#work(bytes);
  }

  unplug(): Promise<void> {
    return this.#peer?.hangUp() ?? Promise.resolve();
  }

  async dispose(): Promise<void> {
    await this.#peer?.dispose();
  }

  /** Bytes to the station, as they are. */
  raw(bytes: Uint8Array | string): void {
    const out = Buffer.from(bytes);
    this.#peer?.send(this.faults.garbled === true ? Buffer.from(out.map((byte) => 0x80 | (byte * 7))) : out);
  }

  flood(bytes: number): void {
    this.#peer?.send(
      Buffer.from(
        randomBytes(bytes)
          .toString('base64')
          .replace(/(.{60})/gu, '$1\r\n'),
      ),
    );
  }

  /** The unit has power again: whatever is not kept is forgotten. */
  protected started(): void {
    return;
  }

  protected abstract input(byte: number): void;

  #receive(bytes: Buffer): void {
    if (this.faults.hung === true) return;
    this.received = Buffer.concat([this.received, bytes]);
    const text = this.received.toString('latin1');
    const met = this.#waiting.filter(({ pattern }) => pattern.test(text));
    this.#waiting = this.#waiting.filter((one) => !met.includes(one));
    if (met.some(({ waits }) => waits)) this.#later ??= [];
    for (const { done } of met) done();
    if (this.#later === null) this.#work(bytes);
    else this.#later.push(bytes);
  }

  #work(bytes: Buffer): void {
    for (const byte of bytes) {
      if (this.faults.dieAfterBytes !== undefined && this.faults.dieAfterBytes-- <= 0) {
        delete this.faults.dieAfterBytes;
        void this.unplug();
        return;
      }
      this.input(byte);
    }
  }

  /** What is kept of content: with another byte in it when the memory is faulty. */
  protected kept(content: Buffer): Buffer {
    if (this.faults.corruptStored === undefined || this.faults.corruptStored-- > 0) return content;
    delete this.faults.corruptStored;
    const wrong = Buffer.from(content);
    const at = wrong.length >> 1;
    wrong[at] = (wrong[at] ?? 0) ^ 1;
    return wrong;
  }
}
