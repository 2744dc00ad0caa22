import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { PtyPeer } from './pty-peer.ts';

const rtc = (config: number, protect: number): SimulatedWatchdogs => ({
  config: 0x60008000 + config,
  protect: 0x60008000 + protect,
  superConfig: 0x60008000 + protect + 4,
  superProtect: 0x60008000 + protect + 8,
  superKey: 0x8f1d312a,
  autoFeed: 0x80000000,
});
const lowPower = (base: number, protect: number): SimulatedWatchdogs => ({
  config: base,
  protect: base + protect,
  superConfig: base + protect + 4,
  superProtect: base + protect + 8,
  superKey: 0x50d83aa1,
  autoFeed: 0x40000,
});

interface SimulatedWatchdogs {
  readonly config: number;
  readonly protect: number;
  readonly superConfig: number;
  readonly superProtect: number;
  readonly superKey: number;
  readonly autoFeed: number;
}

/** Chip ids, the place of the address and of the watchdogs: from the technical reference manuals, chapters eFuse Controller and Watchdog Timers. */
const kinds = {
  ESP32: { id: 0, mac: 0x3ff5a004, watchdogs: null },
  'ESP32-C3': { id: 5, mac: 0x60008844, watchdogs: rtc(0x90, 0xa8) },
  'ESP32-S3': { id: 9, mac: 0x60007044, watchdogs: rtc(0x98, 0xb0) },
  'ESP32-C6': { id: 13, mac: 0x600b0844, watchdogs: lowPower(0x600b1c00, 0x18) },
  'ESP32-H2': { id: 16, mac: 0x600b0844, watchdogs: lowPower(0x600b1c00, 0x1c) },
  'ESP32-P4': { id: 18, mac: 0x5012d044, watchdogs: lowPower(0x50116000, 0x18) },
  'ESP32-C61': { id: 20, mac: 0x600b4844, watchdogs: lowPower(0x600b1c00, 0x18) },
  'ESP32-C5': { id: 23, mac: 0x600b4844, watchdogs: lowPower(0x600b1c00, 0x18) },
} as const;
export type EspKind = keyof typeof kinds;
export const espKinds = Object.keys(kinds) as EspKind[];

/** How a simulated chip differs from a good one. */
export interface EspChipOptions {
  /** ESP32: no GET_SECURITY_INFO, a magic value instead; four words in FLASH_BEGIN. The others: the other way round. */
  readonly kind?: EspKind;
  /** Its own USB carries the line: its watchdogs run, and reset it into its firmware after so many commands unless they are stopped. */
  readonly watchdogsAfter?: number;
  /** Another chip id than that of its kind. */
  readonly chipId?: number;
  /** Factory address, twelve hex digits. */
  readonly mac?: string;
  readonly secureDownload?: boolean;
  readonly flashEncrypted?: boolean;
  /** Flips a bit of the flash at this address after it was written. */
  readonly wrongByteAt?: number;
  /** Log lines between the frames, with bytes in them that begin no frame. */
  readonly chatter?: boolean;
  /** The nth answer (of all) is not sent. */
  readonly losesAnswer?: number;
  /** The nth answer has one wrong byte in it. */
  readonly damagesAnswer?: number;
  /** Called with each request before it is carried out; true: it is not, and nothing is answered. */
  readonly onCommand?: (op: number, nth: number, chip: EspChip) => boolean;
}

const FLASH_BYTES = 4 * 1024 * 1024;
const SECTOR = 4096;
const [OK, INVALID, FAILED, BAD_CHECKSUM, INFLATE] = [0, 5, 6, 7, 11];

interface Writing {
  readonly deflated: boolean;
  readonly offset: number;
  readonly size: number;
  readonly blocks: number;
  readonly blockBytes: number;
  readonly parts: Buffer[];
}

/**
 * An Espressif chip in its ROM loader, after the written protocol (esptool documentation, “Serial Protocol”), on a pseudo terminal. Strict where the ROM is:
 * lengths, checksums, order of blocks, the flash attached first; it knows nothing of our driver.
 */
export class EspChip {
  readonly flash = Buffer.alloc(FLASH_BYTES, 0xff);
  mac: string;
  /** Bytes that came over the line, and how many commands of each kind. */
  received = 0;
  readonly counts = new Map<number, number>();
  readonly #options: EspChipOptions;
  #peer: PtyPeer | null = null;
  #frame: number[] | null = null;
  #escaped = false;
  #attached = false;
  #sized = false;
  #writing: Writing | null = null;
  #answers = 0;
  #commands = 0;
  #firmwareRuns = false;
  readonly #registers = new Map<number, number>();

  constructor(options: EspChipOptions = {}) {
    this.#options = options;
    this.mac = options.mac ?? '7CDFA1000001';
  }

  get path(): string {
    return this.#peer?.path ?? '';
  }

  /** Plugs it in: freshly reset, its flash as it was. */
  async plug(): Promise<this> {
    this.#attached = this.#sized = false;
    this.#commands = 0;
    this.#firmwareRuns = false;
    this.#registers.clear();
    this.#writing = null;
    this.#frame = null;
    this.#peer = await PtyPeer.start('bridge', (bytes) => this.#receive(bytes), this.#peer ?? undefined);
    return this;
  }

  async unplug(): Promise<void> {
    await this.#peer?.hangUp();
  }

  async dispose(): Promise<void> {
    await this.#peer?.dispose();
  }

  say(bytes: Uint8Array | string): void {
    this.#peer?.send(bytes);
  }

  #receive(bytes: Buffer): void {
    this.received += bytes.length;
    for (const byte of bytes) {
      if (byte === 0xc0) {
        if (this.#frame !== null && this.#frame.length > 0) {
          this.#request(Buffer.from(this.#frame));
          this.#frame = null;
        } else this.#frame = [];
        this.#escaped = false;
      } else if (this.#frame !== null) {
        if (this.#escaped) this.#frame.push(byte === 0xdc ? 0xc0 : 0xdb);
        else if (byte !== 0xdb) this.#frame.push(byte);
        this.#escaped = !this.#escaped && byte === 0xdb;
      }
    }
  }

  #request(packet: Buffer): void {
    if (packet.length < 8 || packet[0] !== 0 || packet.readUInt16LE(2) !== packet.length - 8) return;
    const [op = 0, checksum, data] = [packet[1], packet.readUInt32LE(4), packet.subarray(8)];
    if (this.#bitten()) return;
    const nth = (this.counts.get(op) ?? 0) + 1;
    this.counts.set(op, nth);
    if (this.#options.onCommand?.(op, nth, this) === true) return;
    if (op === 0x08) {
      if (data.length !== 36 || data.readUInt32BE(0) !== 0x07071220) return this.#answer(op, INVALID);
      for (let i = 0; i < 8; i++) this.#answer(op, OK, 0x20120707);
      return;
    }
    const [status, value, body] = this.#carryOut(op, data, checksum);
    this.#answer(op, status, value, body);
  }

  #carryOut(op: number, data: Buffer, checksum: number): [number, number?, Buffer?] {
    const secure = this.#options.secureDownload === true;
    switch (op) {
      case 0x09:
        return data.length === 16 && !secure ? [this.#write(data.readUInt32LE(0), data.readUInt32LE(4))] : [INVALID];
      case 0x0a:
        return data.length === 4 && !secure ? [OK, this.#register(data.readUInt32LE(0))] : [INVALID];
      case 0x14:
        return this.#options.kind === 'ESP32' ? [INVALID] : [OK, 0, this.#securityInfo()];
      case 0x0d:
        this.#attached = data.length === 8;
        return [this.#attached ? OK : INVALID];
      case 0x0b:
        this.#sized = data.length === 24 && data.readUInt32LE(4) === FLASH_BYTES;
        return [this.#sized ? OK : INVALID];
      case 0x0f:
        return [data.length === 8 && data.readUInt32LE(4) === 0 ? OK : INVALID];
      case 0x02:
      case 0x10:
        return [this.#begin(op === 0x10, data)];
      case 0x03:
      case 0x11:
        return [this.#block(op === 0x11, data, checksum)];
      case 0x13:
        if (secure || data.length !== 16) return [INVALID];
        if (!this.#attached) return [FAILED];
        return [OK, 0, Buffer.from(this.#md5(data.readUInt32LE(0), data.readUInt32LE(4)), 'latin1')];
      default:
        return [INVALID];
    }
  }

  #register(address: number): number {
    const mac = Buffer.from(this.mac, 'hex');
    const esp32 = this.#options.kind === 'ESP32';
    const base = this.#kind.mac;
    if (address === 0x40001000) return esp32 ? 0x00f01d83 : 0x6921506f;
    // The upper half of the second word is something else: a checksum of the address.
    if (address === base) return mac.readUInt32BE(2);
    if (address === base + 4) return (0xab << 16) | mac.readUInt16BE(0);
    if (esp32 && address === 0x3ff5a000) return this.#options.flashEncrypted === true ? 1 << 20 : 0;
    return this.#registers.get(address) ?? 0;
  }

  get #kind(): (typeof kinds)[EspKind] {
    return kinds[this.#options.kind ?? 'ESP32-C3'];
  }

  /** What is protected takes nothing, and says nothing about it. */
  #write(address: number, value: number): number {
    const dogs = this.#kind.watchdogs;
    const unlocked = (protect: number, key: number): boolean => this.#registers.get(protect) === key;
    if (address === dogs?.config && !unlocked(dogs.protect, 0x50d83aa1)) return OK;
    if (address === dogs?.superConfig && !unlocked(dogs.superProtect, dogs.superKey)) return OK;
    this.#registers.set(address, value);
    return OK;
  }

  /** A watchdog that nobody stopped resets the chip: its firmware runs, and no loader answers any more. */
  #bitten(): boolean {
    const { watchdogsAfter } = this.#options;
    const dogs = this.#kind.watchdogs;
    if (watchdogsAfter === undefined || dogs === null) return false;
    const stopped = this.#registers.get(dogs.config) === 0 && ((this.#registers.get(dogs.superConfig) ?? 0) & dogs.autoFeed) !== 0;
    this.#commands += 1;
    if (!stopped && this.#commands > watchdogsAfter && !this.#firmwareRuns) {
      this.#firmwareRuns = true;
      this.say('rst:0x12 (SUPER_WDT_RESET),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n');
    }
    return this.#firmwareRuns;
  }

  #securityInfo(): Buffer {
    const info = Buffer.alloc(20);
    info.writeUInt32LE(this.#options.secureDownload === true ? 1 << 2 : 0, 0);
    info.writeUInt8(this.#options.flashEncrypted === true ? 0b111 : 0, 4);
    info.writeUInt32LE(this.#options.chipId ?? this.#kind.id, 12);
    info.writeUInt32LE(3, 16);
    return info;
  }

  #begin(deflated: boolean, data: Buffer): number {
    if (data.length !== (this.#options.kind === 'ESP32' ? 16 : 20)) return INVALID;
    if (!this.#attached || !this.#sized) return FAILED;
    const [size, blocks, blockBytes, offset] = [0, 4, 8, 12].map((at) => data.readUInt32LE(at)) as [number, number, number, number];
    if (offset % SECTOR !== 0 || offset + size > FLASH_BYTES || blockBytes > 0x400) return FAILED;
    this.flash.fill(0xff, offset, offset + Math.ceil(size / SECTOR) * SECTOR);
    this.#writing = { deflated, offset, size, blocks, blockBytes, parts: [] };
    return OK;
  }

  #block(deflated: boolean, data: Buffer, checksum: number): number {
    const writing = this.#writing;
    if (writing?.deflated !== deflated || data.length < 16) return INVALID;
    const [length, sequence, block] = [data.readUInt32LE(0), data.readUInt32LE(4), data.subarray(16)];
    if (length !== block.length || length > writing.blockBytes) return INVALID;
    if (block.reduce((sum, byte) => sum ^ byte, 0xef) !== checksum) return BAD_CHECKSUM;
    if (sequence !== writing.parts.length || sequence >= writing.blocks) return FAILED;
    writing.parts.push(Buffer.from(block));
    if (writing.parts.length < writing.blocks) return OK;
    return this.#program(writing);
  }

  #program({ deflated, offset, size, parts }: Writing): number {
    this.#writing = null;
    let bytes = Buffer.concat(parts);
    try {
      if (deflated) bytes = inflateSync(bytes);
    } catch {
      return INFLATE;
    }
    if (bytes.length > size) return FAILED;
    bytes.copy(this.flash, offset);
    const { wrongByteAt = -1 } = this.#options;
    if (wrongByteAt >= offset && wrongByteAt < offset + size) this.flash[wrongByteAt] = (this.flash[wrongByteAt] ?? 0) ^ 1;
    return OK;
  }

  #md5(offset: number, size: number): string {
    return createHash('md5')
      .update(this.flash.subarray(offset, offset + size))
      .digest('hex');
  }

  #answer(op: number, status: number, value = 0, body: Buffer = Buffer.alloc(0)): void {
    const packet = Buffer.alloc(8 + body.length + 4);
    packet[0] = 1;
    packet[1] = op;
    packet.writeUInt16LE(body.length + 4, 2);
    packet.writeUInt32LE(value >>> 0, 4);
    body.copy(packet, 8);
    if (status !== OK) packet.set([1, status], 8 + body.length);
    this.#answers += 1;
    if (this.#answers === this.#options.losesAnswer) return;
    const wire = [0xc0];
    for (const byte of packet) wire.push(...(byte === 0xc0 ? [0xdb, 0xdc] : byte === 0xdb ? [0xdb, 0xdd] : [byte]));
    wire.push(0xc0);
    // Its length field: whoever takes this for an answer is wrong.
    if (this.#answers === this.#options.damagesAnswer) wire[3] = (wire[3] ?? 0) ^ 0x40;
    if (this.#options.chatter === true) this.say('I (312) boot: chip revision: v0.3\r\n');
    this.say(Buffer.from(wire));
  }
}
