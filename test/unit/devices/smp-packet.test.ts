import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePacket, encodeAnswer, encodeRequest, type SmpBody } from '../../../src-main/station/devices/smp/packet.ts';

const headers = fc.record({
  op: fc.constantFrom('read' as const, 'write' as const),
  group: fc.integer({ min: 0, max: 65_535 }),
  command: fc.integer({ min: 0, max: 255 }),
  sequence: fc.integer({ min: 0, max: 255 }),
});
const values = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.uint8Array({ maxLength: 300 }));
const bodies = fc.dictionary(fc.string({ minLength: 1 }), values, { maxKeys: 8, noNullPrototype: true }) as fc.Arbitrary<SmpBody>;

describe('SMP packets', () => {
  test('os echo as the Zephyr documentation writes it: version 1, write, group 0, id 0', () => {
    const packet = encodeRequest({ op: 'write', group: 0, command: 0, sequence: 0x42 }, { d: 'hi' });
    expect(Buffer.from(packet).toString('hex')).toBe('0a0000060000' + '4200' + 'a1616462' + '6869');
    expect(encodeRequest({ op: 'read', group: 64, command: 0, sequence: 1 }, {})[0]).toBe(0x08);
  });

  test('come back as they were', () => {
    fc.assert(
      fc.property(headers, bodies, fc.boolean(), (header, body, answer) => {
        const packet = decodePacket((answer ? encodeAnswer : encodeRequest)(header, body));
        expect(packet).toMatchObject({ ...header, answer });
        expect(Object.entries(packet?.body ?? {}).sort()).toEqual(Object.entries(body).sort());
      }),
    );
  });

  test('any bytes give a packet or null, never an exception', () => {
    fc.assert(
      fc.property(headers, fc.uint8Array({ maxLength: 64 }), (header, payload) => {
        const packet = Buffer.from(encodeAnswer(header, {}));
        packet.writeUInt16BE(payload.length, 2);
        decodePacket(Buffer.concat([packet.subarray(0, 8), payload]));
        decodePacket(payload);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['a header that is cut off', Buffer.from('0b0000')],
    ['another length than it says', Buffer.from('0b00000200400100a0', 'hex')],
    ['an array', packetOf(encode([1, 2]))],
    ['a map with a number as its key', packetOf(encode(new Map([[1, 2]])))],
    ['the same key twice', packetOf(Buffer.from('a2616101616102', 'hex'))],
    ['two items', packetOf(Buffer.from('a0a0', 'hex'))],
    ['arrays in arrays without end', packetOf(Buffer.alloc(60_000, 0x81))],
    ['a byte string that claims 4 GB', packetOf(Buffer.from('a161615affffffff00', 'hex'))],
  ])('%s is no packet', (_, bytes) => {
    expect(decodePacket(bytes)).toBeNull();
  });

  test('a map of unknown length, as some servers send it, is a map', () => {
    expect(decodePacket(packetOf(Buffer.from('bf636f666605ff', 'hex')))?.body).toEqual({ off: 5 });
  });

  test('a key called __proto__ is only a key', () => {
    const body = decodePacket(packetOf(encode(new Map([['__proto__', true]]))))?.body;
    expect(Object.keys(body ?? {})).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(body)).toBeNull();
  });
});

function packetOf(payload: Uint8Array): Buffer {
  const header = Buffer.from([0x0b, 0, 0, 0, 0, 64, 1, 0]);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
