import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FRAME_OVERHEAD } from '../../../src-main/station/devices/smp/frame.ts';
import { encodeRequest } from '../../../src-main/station/devices/smp/packet.ts';
import { chunkBytes } from '../../../src-main/station/devices/smp/write-item.ts';

test('a write never is longer than the unit’s buffer, and wastes at most the length of a length', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 128, max: 2048 }),
      fc.constantFrom('cert', 'ca', 'broker'),
      fc.integer({ min: 1, max: 8192 }),
      fc.nat(),
      fc.string({ maxLength: 10 }),
      (buffer, item, length, at, hwid) => {
        const address = { slot: 1, hwid };
        const chunk = chunkBytes(buffer, address, item, length);
        const off = at % length;
        const data = Buffer.alloc(Math.min(chunk, length - off));
        const body = { ...address, item, off, len: length, data, sha: Buffer.alloc(32) };
        const bytes = encodeRequest({ op: 'write', group: 64, command: 3, sequence: 0 }, body).length + FRAME_OVERHEAD;
        expect(bytes).toBeLessThanOrEqual(buffer);
        expect(bytes).toBeGreaterThanOrEqual(data.length === chunk ? buffer - 6 : 0);
      },
    ),
  );
});
