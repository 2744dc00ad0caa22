/** SLIP (RFC 1055) as the Espressif ROM loader uses it: C0 before and after a packet, C0 → DB DC and DB → DB DD inside. */
const END = 0xc0;
const ESCAPE = 0xdb;
const ESCAPED_END = 0xdc;
const ESCAPED_ESCAPE = 0xdd;

/** A packet as the bytes that go on the wire. */
export function encodeSlip(packet: Uint8Array): Buffer {
  const bytes = Buffer.alloc(2 + packet.length * 2);
  let at = 0;
  bytes[at++] = END;
  for (const byte of packet) {
    if (byte === END || byte === ESCAPE) {
      bytes[at++] = ESCAPE;
      bytes[at++] = byte === END ? ESCAPED_END : ESCAPED_ESCAPE;
    } else bytes[at++] = byte;
  }
  bytes[at++] = END;
  return bytes.subarray(0, at);
}

export interface SlipEvents {
  onPacket(packet: Uint8Array): void;
  /** Bytes between two packets: boot messages, log lines, noise. */
  onNoise(bytes: Uint8Array): void;
  /** A packet had begun and cannot be right: why. */
  onDamaged(why: string): void;
}

/** Finds packets in whatever comes in; holds at most one of them. */
export class SlipReader {
  readonly #events: SlipEvents;
  readonly #packet: Buffer;
  #length = 0;
  #state: 'outside' | 'inside' | 'escaped' = 'outside';

  /** `maxPacket`: longest packet in bytes that is accepted. */
  constructor(events: SlipEvents, maxPacket: number) {
    this.#events = events;
    this.#packet = Buffer.alloc(maxPacket);
  }

  push(bytes: Uint8Array): void {
    let noiseFrom = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#state === 'outside') {
        if (byte !== END) continue;
        if (at > noiseFrom) this.#events.onNoise(bytes.subarray(noiseFrom, at));
        this.#begin();
      } else {
        this.#inside(byte);
        noiseFrom = at + 1;
      }
    }
    if (this.#state === 'outside' && noiseFrom < bytes.length) this.#events.onNoise(bytes.subarray(noiseFrom));
  }

  #begin(): void {
    this.#state = 'inside';
    this.#length = 0;
  }

  #inside(byte: number): void {
    if (byte === END) {
      // Two in a row: the end of one packet was lost, or the first was a delimiter; either way a packet begins here.
      if (this.#length === 0) return;
      this.#state = 'outside';
      this.#events.onPacket(Buffer.from(this.#packet.subarray(0, this.#length)));
    } else if (this.#state === 'escaped') {
      this.#state = 'inside';
      if (byte === ESCAPED_END) this.#put(END);
      else if (byte === ESCAPED_ESCAPE) this.#put(ESCAPE);
      else this.#giveUp('an escape that is none');
    } else if (byte === ESCAPE) this.#state = 'escaped';
    else this.#put(byte);
  }

  #put(byte: number): void {
    if (this.#length === this.#packet.length) this.#giveUp('it is too long');
    else this.#packet[this.#length++] = byte;
  }

  #giveUp(why: string): void {
    this.#state = 'outside';
    this.#events.onDamaged(why);
  }
}
