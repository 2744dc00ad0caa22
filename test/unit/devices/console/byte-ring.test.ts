import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteRing } from '../../../../src-main/station/devices/console/byte-ring.ts';

test('the newest bytes are kept in their order, however they came, and are taken once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.uint8Array({ maxLength: 12 })), (capacity, chunks) => {
      const ring = new ByteRing(capacity);
      for (const part of [chunks.slice(0, 3), chunks.slice(3)]) {
        for (const chunk of part) ring.push(chunk);
        expect(ring.take()).toEqual(Buffer.concat(part).subarray(-capacity));
      }
      expect(ring.take()).toEqual(Buffer.alloc(0));
    }),
  );
});
