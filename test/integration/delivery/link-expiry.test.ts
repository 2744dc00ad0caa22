import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LinkServer, type Offer } from '../../../src-main/station/delivery/link-server.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('at its end a link is wiped and told of, once, and the last one closes the server', async () => {
  let idle = 0;
  const server = await LinkServer.start({ host: '127.0.0.1', port: 0, clock: { now: () => 0 }, until: 86_400_000, onIdle: () => idle++ });
  const said: (string | null)[] = [];
  const offered = (until: number): Offer => ({
    file: Buffer.from('encrypted'),
    fileName: 'x.zip',
    contentType: 'application/zip',
    until,
    stillGood: () => true,
    ended: (why) => void said.push(why),
  });
  const [first, second] = [offered(60_000), offered(120_000)];
  server.offer(first);
  server.offer(second);
  vi.advanceTimersByTime(59_999);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(said).toEqual(['its time was up']);
  expect(first.file).toEqual(Buffer.alloc(9));
  expect(second.file.toString()).toBe('encrypted');
  expect(idle).toBe(0);
  server.close('withdrawn');
  expect(said).toEqual(['its time was up', 'withdrawn']);
  expect(second.file).toEqual(Buffer.alloc(9));
  expect(idle).toBe(1);
  vi.advanceTimersByTime(120_000);
  expect(said).toHaveLength(2);
});
