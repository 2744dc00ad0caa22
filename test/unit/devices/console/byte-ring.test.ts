import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteRing } from '../../../../src-main/station/devices/console/byte-ring.ts';

test('the newest bytes are kept in their order, however they came, and are taken once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.uint8Array({ maxLength: 12 })), (capacity, chunks) => {
      const ring = new ByteRing(capacity);
      for (const [index, chunk] of chunks.entries()) {
        ring.push(chunk);
        if (index === 2) expect(ring.take()).toEqual(Buffer.concat(chunks.slice(0, 3)).subarray(-capacity));
      }
      expect(ring.take()).toEqual(Buffer.concat(chunks.slice(chunks.length > 2 ? 3 : 0)).subarray(-capacity));
      expect(ring.take()).toEqual(Buffer.alloc(0));
    }),
  );
});
