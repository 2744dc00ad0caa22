import type { Failure } from '../../../contract/index.ts';
import { startDeadline } from '../deadline.ts';
import { encodeFrame, frameBytes, FrameReader } from './frame.ts';
import { LineHealth } from '../line-health.ts';
import { decodePacket, encodeRequest, type Op, type SmpBody, type SmpHeader, type SmpPacket } from './packet.ts';

/** What the client needs of a serial line. */
export interface SmpLine {
  readonly path: string;
  readonly baudRate: number;
  write(bytes: Uint8Array, deadlineMs: number): Promise<void>;
}

export interface RequestOptions {
  readonly signal: AbortSignal;
  /** For the answer; the time that the bytes need on the wire comes on top. */
  readonly deadlineMs: number;
  /** How often a request that got no answer at all is sent again. */
  readonly silentRetries?: number;
  /**
   * `same` (default): a repeat carries the same sequence number, an answer to either is the answer. Right for commands that are idempotent or guarded by
   * an offset. `fresh`: only an answer to the last repeat counts. Right where every execution gives another result (keygen).
   */
  readonly repeat?: 'same' | 'fresh';
}

/** Answers that arrived damaged are asked for again at once, this often per request. */
const DAMAGED_RETRIES = 6;
const SILENT_RETRIES = 2;
/** A begun frame whose rest does not come within this time is damaged. */
const REST_OF_FRAME_MS = 250;
/** Longest answer that is accepted, in bytes. */
const MAX_FRAME = 16 * 1024;

type Arrival = { readonly kind: 'answer'; readonly packet: SmpPacket } | { readonly kind: 'damaged' | 'silent' };

interface PendingRequest {
  readonly header: SmpHeader;
  settle(arrival: Arrival): void;
  fail(error: unknown): void;
}

/** MCUmgr/SMP requests over one serial line, one at a time. */
export class SmpClient {
  readonly health = new LineHealth();
  readonly #line: SmpLine;
  readonly #frames: FrameReader;
  #sequence = Math.floor(Math.random() * 256);
  #waiting: PendingRequest | null = null;
  #stopRest: () => void = () => undefined;
  #broken: Failure | null = null;

  /** `onNoise` sees what is not SMP, as it comes: device logs. */
  constructor(line: SmpLine, onNoise: (bytes: Uint8Array) => void = () => undefined) {
    this.#line = line;
    const onNoiseBytes = (bytes: Uint8Array): void => {
      this.health.addNoise(bytes);
      onNoise(bytes);
    };
    this.#frames = new FrameReader(
      {
        onPacket: (bytes) => {
          this.#onPacket(bytes);
        },
        onDamaged: (why) => {
          this.#onDamaged(why);
        },
        onNoise: onNoiseBytes,
      },
      MAX_FRAME,
    );
  }

  get path(): string {
    return this.#line.path;
  }

  /** Bytes from the line. */
  receive(bytes: Uint8Array): void {
    this.#frames.push(bytes);
    this.#stopRest();
    if (!this.#frames.pending) return;
    this.#stopRest = startDeadline(REST_OF_FRAME_MS, () => {
      this.#frames.giveUp();
    });
  }

  /** The line is gone: what waits fails with this, and so does everything later. */
  break(failure: Failure): void {
    this.#broken = failure;
    this.#stopRest();
    this.#waiting?.fail(failure);
  }

  /**
   * Sends a request and resolves with the CBOR map of its answer, whatever it says.
   * @throws Failure NO_RESPONSE, LINK_CORRUPT, WRONG_BAUD_SUSPECTED, WRONG_PROTOCOL by what came back; PORT_GONE; the signal's reason.
   */
  async request(op: Op, group: number, command: number, body: SmpBody, options: RequestOptions): Promise<SmpPacket['body']> {
    if (this.#waiting !== null) throw new Error('one SMP request at a time');
    const silentRetries = options.silentRetries ?? SILENT_RETRIES;
    let silent = 0;
    let damaged = 0;
    let header: SmpHeader = { op, group, command, sequence: this.#nextSequence() };
    for (;;) {
      const arrival = await this.#exchange(header, body, options);
      if (arrival.kind === 'answer') return arrival.packet.body;
      if (arrival.kind === 'damaged') damaged += 1;
      else silent += 1;
      if (damaged > DAMAGED_RETRIES || silent > silentRetries) {
        throw this.health.explain(this.#line.path, this.#line.baudRate, options.deadlineMs * Math.max(1, silent));
      }
      if (options.repeat === 'fresh') header = { ...header, sequence: this.#nextSequence() };
    }
  }

  async #exchange(header: SmpHeader, body: SmpBody, options: RequestOptions): Promise<Arrival> {
    options.signal.throwIfAborted();
    if (this.#broken !== null) throw this.#broken;
    const packet = encodeRequest(header, body);
    const bytes = encodeFrame(packet);
    // Both ways, 10 bits a byte: an answer may be as long as the request or as a usual buffer.
    const wireMs = ((bytes.length + Math.max(bytes.length, frameBytes(1024))) * 10_000) / this.#line.baudRate;
    const deadlineMs = options.deadlineMs + wireMs;
    const arrival = this.#arrival(header, deadlineMs, options.signal);
    const written = this.#line.write(bytes, deadlineMs);
    written.catch((error: unknown) => {
      this.#waiting?.fail(error);
    });
    return arrival;
  }

  #arrival(header: SmpHeader, deadlineMs: number, signal: AbortSignal): Promise<Arrival> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        stopDeadline();
        signal.removeEventListener('abort', onAbort);
        this.#waiting = null;
      };
      const settle = (arrival: Arrival): void => {
        finish();
        resolve(arrival);
      };
      const fail = (error: unknown): void => {
        finish();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const onAbort = (): void => {
        fail(signal.reason);
      };
      const stopDeadline = startDeadline(deadlineMs, () => {
        settle({ kind: 'silent' });
      });
      signal.addEventListener('abort', onAbort);
      this.#waiting = { header, settle, fail };
    });
  }

  #onPacket(bytes: Uint8Array): void {
    const packet = decodePacket(bytes);
    if (packet === null) return this.#onDamaged('it is no SMP packet');
    if (!packet.answer) {
      this.health.echoed += 1;
      return;
    }
    this.health.good += 1;
    const waiting = this.#waiting;
    // A late answer to an earlier request, or one that was doubled on the way.
    if (waiting === null || !answers(packet, waiting.header)) return;
    waiting.settle({ kind: 'answer', packet });
  }

  #onDamaged(why: string): void {
    this.health.addDamage(why);
    this.#waiting?.settle({ kind: 'damaged' });
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) % 256;
    return this.#sequence;
  }
}

const answers = (packet: SmpPacket, header: SmpHeader): boolean =>
  packet.sequence === header.sequence && packet.op === header.op && packet.group === header.group && packet.command === header.command;
