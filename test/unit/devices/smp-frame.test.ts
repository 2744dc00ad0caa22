import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc16 } from '../../../src-main/station/devices/smp/crc16.ts';
import { encodeFrame, frameBytes, FrameReader } from '../../../src-main/station/devices/smp/frame.ts';

interface Seen {
  packets: Uint8Array[];
  damaged: string[];
  noise: Buffer;
}

function reader(maxFrame = 4096): { seen: Seen; frames: FrameReader } {
  const seen: Seen = { packets: [], damaged: [], noise: Buffer.alloc(0) };
  const frames = new FrameReader(
    {
      onPacket: (packet) => seen.packets.push(Uint8Array.from(packet)),
      onDamaged: (why) => seen.damaged.push(why),
      onNoise: (bytes) => (seen.noise = Buffer.concat([seen.noise, bytes])),
    },
    maxFrame,
  );
  return { seen, frames };
}

const packets = fc.uint8Array({ maxLength: 2000 });
/** Log text as devices print it; no marker bytes in it. */
const logs = fc
  .array(fc.constantFrom('I: boot\r\n', 'W (123) wifi: ', '\u001b[0;32m', 'AAAA', '\n', 'größe '), { maxLength: 6 })
  .map((parts) => Buffer.from(parts.join('')));

function pushInPieces(frames: FrameReader, bytes: Uint8Array, cuts: readonly number[]): void {
  let from = 0;
  for (const cut of [...cuts].map((c) => c % (bytes.length + 1)).sort((a, b) => a - b)) {
    frames.push(bytes.subarray(from, cut));
    from = cut;
  }
  frames.push(bytes.subarray(from));
}

describe('console framing', () => {
  test('the checksum is CRC-16/XMODEM', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x31c3);
  });

  test('a known frame: os echo "hi"', () => {
    const packet = Buffer.from('0a0000070000420' + '0' + 'a16164626869', 'hex');
    const wire = Buffer.from(encodeFrame(packet));
    expect(wire.subarray(0, 2).toString('hex')).toBe('0609');
    expect(wire.at(-1)).toBe(0x0a);
    const inner = Buffer.from(wire.subarray(2, -1).toString('latin1'), 'base64');
    expect(inner.readUInt16BE(0)).toBe(packet.length + 2);
    expect(inner.subarray(2, -2)).toEqual(packet);
  });

  test('lines are at most 127 bytes, begin with their marker and end with a line feed', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const wire = Buffer.from(encodeFrame(packet));
        expect(wire.length).toBe(frameBytes(packet.length));
        const lines = wire.toString('latin1').split('\n');
        expect(lines.pop()).toBe('');
        lines.forEach((line, index) => {
          expect(line.length).toBeLessThanOrEqual(126);
          expect(line.slice(0, 2)).toBe(index === 0 ? '\u0006\t' : '\u0004\u0014');
        });
      }),
    );
  });

  test('any packets come back, in any pieces, with log text before, between and after', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(logs, packets), { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 20 }), (items, cuts) => {
        const { seen, frames } = reader();
        pushInPieces(frames, Buffer.concat(items.flatMap(([log, packet]) => [log, Buffer.from(encodeFrame(packet))])), cuts);
        expect(seen.packets).toEqual(items.map(([, packet]) => packet));
        expect(seen.damaged).toEqual([]);
      }),
    );
  });

  test('log lines between the lines of one frame do not hurt it', () => {
    const packet = Buffer.alloc(300, 7);
    const lines = Buffer.from(encodeFrame(packet)).toString('latin1').split('\n');
    const { seen, frames } = reader();
    frames.push(Buffer.from(lines.join('\nW: low battery\r\n'), 'latin1'));
    expect(seen.packets).toEqual([Uint8Array.from(packet)]);
    expect(seen.noise.toString()).toContain('low battery');
  });

  test('a wrong, lost or doubled byte never yields a wrong packet, and the next frame comes through', () => {
    fc.assert(
      fc.property(
        packets,
        packets,
        fc.nat(),
        fc.constantFrom('corrupt', 'drop', 'duplicate'),
        fc.integer({ min: 1, max: 255 }),
        (packet, next, position, fault, flip) => {
          const wire = Buffer.from(encodeFrame(packet));
          const at = position % wire.length;
          const hurt =
            fault === 'corrupt'
              ? Buffer.concat([wire.subarray(0, at), Buffer.of((wire[at] ?? 0) ^ flip), wire.subarray(at + 1)])
              : Buffer.concat([
                  wire.subarray(0, at),
                  fault === 'drop' ? Buffer.alloc(0) : wire.subarray(at, at + 1),
                  wire.subarray(at + (fault === 'drop' ? 1 : 0)),
                ]);
          const { seen, frames } = reader();
          frames.push(hurt);
          frames.giveUp();
          frames.push(encodeFrame(next));
          for (const got of seen.packets.slice(0, -1)) expect(got).toEqual(packet);
          expect(seen.packets.at(-1)).toEqual(next);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('any bytes at all: nothing thrown, nothing kept but a line and a frame', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 300 }),
            fc.constant(Uint8Array.of(6, 9)),
            fc.constant(Uint8Array.of(4, 20)),
            fc.constant(Uint8Array.of(10)),
          ),
          { maxLength: 40 },
        ),
        (pieces) => {
          const { seen, frames } = reader(256);
          for (const piece of pieces) frames.push(piece);
          for (const packet of seen.packets) expect(packet.length).toBeLessThanOrEqual(252);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a line without end and a frame without end are given up, not stored', () => {
    const { seen, frames } = reader(512);
    frames.push(Buffer.from([6, 9]));
    for (let i = 0; i < 100; i++) frames.push(Buffer.alloc(1000, 0x41));
    expect(seen.damaged).toEqual(['a line is too long']);
    frames.push(Buffer.from('\u0006\tAAAA\n'));
    expect(frames.pending).toBe(false);
    frames.push(Buffer.from('\u0006\tAf4A\n', 'latin1'));
    for (let i = 0; i < 100; i++) frames.push(Buffer.from('\u0004\u0014AAAA\n', 'latin1'));
    expect(frames.pending).toBe(true);
    frames.giveUp();
    expect(frames.pending).toBe(false);
  });
});
