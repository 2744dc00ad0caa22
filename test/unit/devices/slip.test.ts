import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeSlip, SlipReader } from '../../../src-main/station/devices/esp-rom/slip.ts';

function read(chunks: readonly Uint8Array[], max = 256): { packets: string[]; damaged: number; noise: number } {
  const found = { packets: [] as string[], damaged: 0, noise: 0 };
  const reader = new SlipReader(
    {
      onPacket: (packet) => void found.packets.push(Buffer.from(packet).toString('hex')),
      onDamaged: () => void found.damaged++,
      onNoise: (bytes) => void (found.noise += bytes.length),
    },
    max,
  );
  for (const chunk of chunks) reader.push(chunk);
  return found;
}

test('the four special bytes, as RFC 1055 writes them', () => {
  expect(encodeSlip(Buffer.from([0xc0, 0xdb, 0xdc, 0xdd])).toString('hex')).toBe('c0dbdcdbdddcddc0');
});

test('any packets come through in any pieces, with text between them', () => {
  const packet = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 5 }), fc.integer({ min: 1, max: 17 }), (packets, size) => {
      const wire = Buffer.concat(packets.flatMap((one) => [Buffer.from('log\r\n'), encodeSlip(one)]));
      const chunks = Array.from({ length: Math.ceil(wire.length / size) }, (_, i) => wire.subarray(i * size, (i + 1) * size));
      const found = read(chunks);
      expect(found.packets).toEqual(packets.map((one) => Buffer.from(one).toString('hex')));
      expect(found.noise).toBe(packets.length * 5);
    }),
  );
});

test('whatever comes, no packet is longer than the bound, and it never throws', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 8 }), (chunks) => {
      for (const packet of read(chunks, 64).packets) expect(packet.length / 2).toBeLessThanOrEqual(64);
    }),
  );
  expect(read([Buffer.from([0xc0]), Buffer.alloc(100_000, 1)], 64)).toMatchObject({ packets: [], damaged: 1 });
  expect(read([Buffer.from([0xc0, 0xdb, 0x00, 0xc0, 0x01, 0xc0])], 64)).toMatchObject({ packets: ['01'], damaged: 1 });
});
