import { crc16 } from './crc16.ts';

/**
 * Console line form of SMP: `u16BE(packet + 2) | packet | u16BE crc16(packet)` as one base64 stream, in lines of at most 124 characters.
 * The first line begins with 06 09, the others with 04 14, and each ends with 0A. Source: MCUmgr "SMP over console".
 */
const FIRST = [0x06, 0x09] as const;
const NEXT = [0x04, 0x14] as const;
const LF = 0x0a;
const LINE_CHARS = 124;
/** A peer may use longer lines; what is longer than this is not a line. */
const LONGEST_LINE = 1024;
/** Length field and checksum around a packet. */
export const FRAME_OVERHEAD = 4;

/** A packet as the bytes that go on the wire. */
export function encodeFrame(packet: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(packet.length + FRAME_OVERHEAD);
  frame.writeUInt16BE(packet.length + 2, 0);
  frame.set(packet, 2);
  frame.writeUInt16BE(crc16(packet), packet.length + 2);
  const text = frame.toString('base64');
  const lines: Buffer[] = [];
  for (let at = 0; at < text.length; at += LINE_CHARS) {
    lines.push(Buffer.from(at === 0 ? FIRST : NEXT), Buffer.from(text.slice(at, at + LINE_CHARS), 'latin1'), Buffer.of(LF));
  }
  return Buffer.concat(lines);
}

/** How many bytes `encodeFrame` makes of a packet of this length. */
export function frameBytes(packetLength: number): number {
  const chars = Math.ceil((packetLength + FRAME_OVERHEAD) / 3) * 4;
  return chars + Math.ceil(chars / LINE_CHARS) * 3;
}

export interface FrameEvents {
  onPacket(packet: Uint8Array): void;
  /** A frame had begun and cannot be right: why. */
  onDamaged(why: string): void;
  /** Bytes that belong to no frame: log lines, another protocol, or noise. */
  onNoise(bytes: Uint8Array): void;
}

/** Finds frames in whatever comes in. Holds at most one line and one frame, whatever the peer sends. */
export class FrameReader {
  readonly #events: FrameEvents;
  readonly #maxFrame: number;
  readonly #line = Buffer.alloc(LONGEST_LINE);
  #lineLength = 0;
  /** In which kind of line we are; `none` between lines. `half`: its first marker byte was the last byte so far. */
  #state: 'none' | 'first' | 'next' = 'none';
  #half = 0;
  /** Base64 characters of the frame so far; null when no frame has begun. */
  #frame: string | null = null;

  /** `maxFrame`: longest frame in bytes (length field, packet, checksum) that is accepted. */
  constructor(events: FrameEvents, maxFrame: number) {
    this.#events = events;
    this.#maxFrame = maxFrame;
  }

  /** True while a frame has begun and is not complete. */
  get pending(): boolean {
    return this.#frame !== null || this.#state !== 'none';
  }

  /** The rest of a begun frame did not come in time. */
  giveUp(): void {
    if (this.pending) this.#damaged('the rest of it did not come');
  }

  push(bytes: Uint8Array): void {
    let noiseFrom = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      const marker = this.#marker(byte);
      if (marker !== null) {
        const noise = bytes.subarray(noiseFrom, Math.max(noiseFrom, at - 1));
        if (this.#state === 'none' && noise.length > 0) this.#events.onNoise(noise);
        this.#begin(marker);
        noiseFrom = at + 1;
      } else if (this.#state !== 'none') {
        if (byte === LF) this.#endLine();
        else this.#collect(byte);
        noiseFrom = at + 1;
      }
    }
    if (this.#state === 'none' && noiseFrom < bytes.length) this.#events.onNoise(bytes.subarray(noiseFrom));
  }

  /** A line begins where its two marker bytes stand, also inside of another line (whose end was lost). */
  #marker(byte: number): 'first' | 'next' | null {
    const before = this.#half;
    this.#half = byte;
    if (before === FIRST[0] && byte === FIRST[1]) return 'first';
    return before === NEXT[0] && byte === NEXT[1] ? 'next' : null;
  }

  #begin(marker: 'first' | 'next'): void {
    if (this.#state !== 'none') this.#damaged('a line has no end');
    else if (marker === 'first' && this.#frame !== null) this.#damaged('another one began inside of it');
    this.#state = marker;
    this.#lineLength = 0;
    if (marker === 'first') this.#frame = '';
  }

  #collect(byte: number): void {
    if (this.#lineLength === LONGEST_LINE) return this.#damaged('a line is too long');
    this.#line[this.#lineLength++] = byte;
  }

  #endLine(): void {
    const text = this.#line.toString('latin1', 0, this.#lineLength).replace(/\r$/u, '');
    this.#state = 'none';
    // The first line of this frame was lost: its damage was counted, or will be by the exchange's deadline.
    if (this.#frame === null) return;
    if (!/^[A-Za-z0-9+/]*={0,2}$/u.test(text) || this.#frame.endsWith('=')) return this.#damaged('a line is not base64');
    this.#frame += text;
    this.#endFrame(this.#frame);
  }

  #endFrame(text: string): void {
    if (text.length < 4) return this.#damaged('its first line is too short');
    const head = Buffer.from(text.slice(0, 4), 'base64');
    if (head.length < 2) return this.#damaged('it ends too soon');
    const whole = head.readUInt16BE(0) + 2;
    if (whole < FRAME_OVERHEAD || whole > this.#maxFrame) return this.#damaged(`its length says ${String(whole)}`);
    const chars = Math.ceil(whole / 3) * 4;
    if (text.length < chars) return text.endsWith('=') ? this.#damaged('it ends too soon') : undefined;
    const frame = Buffer.from(text, 'base64');
    if (text.length > chars || frame.length !== whole) return this.#damaged('its length does not fit');
    const packet = frame.subarray(2, whole - 2);
    if (crc16(packet) !== frame.readUInt16BE(whole - 2)) return this.#damaged('its checksum is wrong');
    this.#frame = null;
    this.#events.onPacket(packet);
  }

  #damaged(why: string): void {
    this.#state = 'none';
    this.#frame = null;
    this.#events.onDamaged(why);
  }
}
