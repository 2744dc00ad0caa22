/**
 * The server's side of “SMP over console”, written from Zephyr's “SMP Transport Specification” (UART/serial and console) and the habits of its serial_util.c:
 * each line is base64 of its own, the length stands in the first one, the checksum at the very end, and what does not fit is dropped without a word.
 */
const INITIAL = Buffer.from([0x06, 0x09]);
const PARTIAL = Buffer.from([0x04, 0x14]);
const MTU = 127;

/** CRC-16, polynomial 0x1021, initial value 0. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

/** A packet as lines; each is one frame of the specification. */
export function linesOf(packet: Uint8Array): Buffer[] {
  const room = Math.floor((MTU - 3) / 4) * 3;
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length + 2);
  const check = Buffer.alloc(2);
  check.writeUInt16BE(crc16(packet));
  let rest = Buffer.concat([length, packet]);
  const lines: Buffer[] = [];
  for (let last = false; !last;) {
    last = rest.length + 2 <= room;
    // The checksum is never torn: a line that has no room for all of it ends three bytes earlier.
    const body = last ? Buffer.concat([rest, check]) : rest.subarray(0, rest.length < room ? rest.length - (rest.length % 3 || 3) : room);
    rest = rest.subarray(last ? rest.length : body.length);
    lines.push(Buffer.concat([lines.length === 0 ? INITIAL : PARTIAL, Buffer.from(body.toString('base64')), Buffer.from('\n')]));
  }
  return lines;
}

/** Puts packets together from what a UART receives. */
export class ConsoleReader {
  readonly #bufferBytes: () => number;
  readonly #onPacket: (packet: Buffer) => void;
  #line = Buffer.alloc(0);
  #packet: Buffer | null = null;

  /** `bufferBytes`: size of the buffer that length, packet and checksum must fit into. */
  constructor(bufferBytes: () => number, onPacket: (packet: Buffer) => void) {
    this.#bufferBytes = bufferBytes;
    this.#onPacket = onPacket;
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === 0x0a) this.#endLine();
      else this.#line = Buffer.concat([this.#line.subarray(0, MTU), Buffer.of(byte)]);
    }
  }

  #endLine(): void {
    const line = this.#line;
    this.#line = Buffer.alloc(0);
    // Longer lines than the specification allows are lost in the driver of the UART.
    if (line.length + 1 > MTU) return this.#drop();
    const marker = line.subarray(0, 2);
    if (marker.equals(INITIAL)) this.#packet = Buffer.alloc(0);
    else if (!marker.equals(PARTIAL) || this.#packet === null) return;
    const text = line.toString('latin1', 2);
    if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/u.test(text)) return this.#drop();
    const packet = Buffer.concat([this.#packet ?? Buffer.alloc(0), Buffer.from(text, 'base64')]);
    if (packet.length > this.#bufferBytes()) return this.#drop();
    this.#packet = packet;
    const length = packet.readUInt16BE(0);
    if (packet.length - 2 < length) return;
    this.#packet = null;
    const body = packet.subarray(2);
    if (body.length === length && crc16(body) === 0) this.#onPacket(body.subarray(0, length - 2));
  }

  #drop(): void {
    this.#packet = null;
  }
}
