import type { Failure } from '../../../contract/index.ts';
import { startDeadline } from '../deadline.ts';
import { LineHealth } from '../line-health.ts';
import type { Transcript } from '../transcript.ts';
import { encodeSlip, SlipReader } from './slip.ts';

/** Commands of the ROM loader. Source: Espressif, "Serial Protocol" (esptool documentation, advanced topics). */
export const commands = {
  FLASH_BEGIN: 0x02,
  FLASH_DATA: 0x03,
  FLASH_END: 0x04,
  SYNC: 0x08,
  WRITE_REG: 0x09,
  READ_REG: 0x0a,
  SPI_SET_PARAMS: 0x0b,
  SPI_ATTACH: 0x0d,
  CHANGE_BAUDRATE: 0x0f,
  FLASH_DEFL_BEGIN: 0x10,
  FLASH_DEFL_DATA: 0x11,
  SPI_FLASH_MD5: 0x13,
  GET_SECURITY_INFO: 0x14,
} as const;
export type CommandName = keyof typeof commands;

export interface EspLine {
  readonly path: string;
  readonly baudRate: number;
  write(bytes: Uint8Array, deadlineMs: number): Promise<void>;
}

export interface CommandOptions {
  readonly signal: AbortSignal;
  /** For the answer; the time on the wire comes on top. */
  readonly deadlineMs: number;
  /** XOR over the data of a FLASH_DATA. */
  readonly checksum?: number;
  /** Not in the transcript's words: what is in the data. */
  readonly about?: Readonly<Record<string, unknown>>;
}

export interface RomAnswer {
  readonly value: number;
  readonly data: Buffer;
}

/** The loader's own refusal. */
export class RomRefusal extends Error {
  readonly status: number;
  readonly reason: number;
  constructor(status: number, reason: number) {
    super(`the ROM loader answered ${String(status)}/${String(reason)}`);
    this.status = status;
    this.reason = reason;
  }
}

const HEADER_BYTES = 8;
/** status, error, and two bytes that are reserved: the ROM of the ESP32 and later; its stub has two bytes only. */
const STATUS_BYTES = 4;
/** No answer of a ROM is longer; a longer one is not one. */
const MAX_PACKET = 4096;

interface PendingCommand {
  readonly op: number;
  settle(packet: Buffer): void;
  fail(error: unknown): void;
}

/** Requests to a ROM loader over one line, one at a time. */
export class EspClient {
  readonly health = new LineHealth();
  readonly #line: EspLine;
  readonly #transcript: Transcript;
  readonly #reader: SlipReader;
  #waiting: PendingCommand | null = null;
  #broken: Failure | null = null;

  constructor(line: EspLine, transcript: Transcript) {
    this.#line = line;
    this.#transcript = transcript;
    this.#reader = new SlipReader(
      {
        onPacket: (packet) => {
          this.#onPacket(Buffer.from(packet));
        },
        onDamaged: (why) => {
          this.health.addDamage(why);
        },
        onNoise: (bytes) => {
          this.health.addNoise(bytes);
          transcript.log(bytes);
        },
      },
      MAX_PACKET,
    );
  }

  receive(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  /** The line is gone: what waits fails with this, and so does everything later. */
  break(failure: Failure): void {
    this.#broken = failure;
    this.#waiting?.fail(failure);
  }

  /**
   * @throws RomRefusal; Failure NO_RESPONSE, LINK_CORRUPT, WRONG_BAUD_SUSPECTED, WRONG_PROTOCOL by what came back; PORT_GONE; the signal's reason.
   */
  async command(name: CommandName, data: Uint8Array, options: CommandOptions): Promise<RomAnswer> {
    if (this.#waiting !== null) throw new Error('one ROM command at a time');
    options.signal.throwIfAborted();
    if (this.#broken !== null) throw this.#broken;
    const op = commands[name];
    this.#transcript.sent(name, options.about ?? { data });
    const packet = Buffer.alloc(HEADER_BYTES + data.length);
    packet.writeUInt8(op, 1);
    packet.writeUInt16LE(data.length, 2);
    packet.writeUInt32LE((options.checksum ?? 0) >>> 0, 4);
    packet.set(data, HEADER_BYTES);
    const bytes = encodeSlip(packet);
    const deadlineMs = options.deadlineMs + (bytes.length * 10_000) / this.#line.baudRate;
    const arrival = this.#arrival(op, deadlineMs, options);
    this.#line.write(bytes, deadlineMs).catch((error: unknown) => this.#waiting?.fail(error));
    const answer = readAnswer(await arrival.finally(() => packet.fill(0)));
    this.#transcript.received(name, { value: answer.value, data: answer.data });
    return answer;
  }

  #arrival(op: number, deadlineMs: number, { signal, deadlineMs: own }: CommandOptions): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        stopDeadline();
        signal.removeEventListener('abort', onAbort);
        this.#waiting = null;
      };
      const fail = (error: unknown): void => {
        finish();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const onAbort = (): void => {
        fail(signal.reason);
      };
      const stopDeadline = startDeadline(deadlineMs, () => {
        fail(this.health.explain(this.#line.path, this.#line.baudRate, own));
      });
      signal.addEventListener('abort', onAbort);
      this.#waiting = {
        op,
        settle: (packet) => {
          finish();
          resolve(packet);
        },
        fail,
      };
    });
  }

  #onPacket(packet: Buffer): void {
    const isAnswer =
      packet.length >= HEADER_BYTES + STATUS_BYTES && packet[0] === 1 && packet.readUInt16LE(2) === packet.length - HEADER_BYTES;
    if (!isAnswer) {
      if (packet[0] === 0 && packet.length >= HEADER_BYTES) this.health.echoed += 1;
      else this.health.addDamage('it is no answer of a ROM loader');
      return;
    }
    this.health.good += 1;
    // The other seven answers to SYNC, or a late one.
    if (this.#waiting === null || packet[1] !== this.#waiting.op) return;
    this.#waiting.settle(packet);
  }
}

function readAnswer(packet: Buffer): RomAnswer {
  const end = packet.length - STATUS_BYTES;
  const status = packet.readUInt8(end);
  if (status !== 0) throw new RomRefusal(status, packet.readUInt8(end + 1));
  return { value: packet.readUInt32LE(4), data: packet.subarray(HEADER_BYTES, end) };
}
