import { decode, encode } from 'cborg';

/** SMP header: reserved:3 | version:2 | op:3, flags, length u16BE, group u16BE, sequence, command. Version 1 = "SMP v2" errors. */
export const HEADER_BYTES = 8;
const VERSION = 1 << 3;

export type Op = 'read' | 'write';
const requestOp = { read: 0, write: 2 } as const;
const answerOp = { read: 1, write: 3 } as const;

export type SmpValue = string | number | boolean | Uint8Array | readonly SmpValue[] | { readonly [key: string]: SmpValue };
export type SmpBody = Readonly<Record<string, SmpValue>>;

export interface SmpHeader {
  readonly op: Op;
  readonly group: number;
  readonly command: number;
  readonly sequence: number;
}

export interface SmpPacket extends SmpHeader {
  readonly answer: boolean;
  /** The CBOR map; values are whatever the peer sent. */
  readonly body: Readonly<Record<string, unknown>>;
}

export function encodeRequest(header: SmpHeader, body: SmpBody): Uint8Array {
  return encodePacket(requestOp[header.op], header, body);
}

/** The other side of the line; simulated peers use it. */
export function encodeAnswer(header: SmpHeader, body: SmpBody): Uint8Array {
  return encodePacket(answerOp[header.op], header, body);
}

function encodePacket(op: number, header: SmpHeader, body: SmpBody): Uint8Array {
  const payload = encode(body);
  const packet = Buffer.alloc(HEADER_BYTES + payload.length);
  packet[0] = VERSION | op;
  packet.writeUInt16BE(payload.length, 2);
  packet.writeUInt16BE(header.group, 4);
  packet[6] = header.sequence;
  packet[7] = header.command;
  packet.set(payload, HEADER_BYTES);
  return packet;
}

/** Null when the bytes are no SMP packet: length, operation, or a payload that is not one CBOR map with text keys. */
export function decodePacket(bytes: Uint8Array): SmpPacket | null {
  if (bytes.length < HEADER_BYTES) return null;
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const op = packet.readUInt8(0) & 7;
  if (op > 3 || packet.readUInt16BE(2) !== packet.length - HEADER_BYTES) return null;
  const body = decodeMap(packet.subarray(HEADER_BYTES));
  if (body === null) return null;
  return {
    op: op < 2 ? 'read' : 'write',
    answer: op === answerOp.read || op === answerOp.write,
    group: packet.readUInt16BE(4),
    sequence: packet.readUInt8(6),
    command: packet.readUInt8(7),
    body,
  };
}

function decodeMap(payload: Uint8Array): Record<string, unknown> | null {
  try {
    // A Map first: a peer's key must not become a property like __proto__.
    const map: unknown = decode(payload, { useMaps: true, allowUndefined: false, rejectDuplicateMapKeys: true });
    if (!(map instanceof Map)) return null;
    const body = Object.create(null) as Record<string, unknown>;
    for (const [key, value] of map as Map<unknown, unknown>) {
      if (typeof key !== 'string') return null;
      body[key] = value;
    }
    return body;
  } catch {
    return null;
  }
}
