import { readFile } from 'node:fs';
import { expect, test } from 'vitest';
import { startDeadline } from '../../../src-main/station/devices/deadline.ts';

test('what came in while the program was busy counts before the deadline does', async () => {
  let passed = false;
  await new Promise<void>((done) => {
    const stop = startDeadline(30, () => (passed = true));
    readFile(import.meta.filename, () => {
      stop();
      setImmediate(done);
    });
    const until = performance.now() + 150;
    while (performance.now() < until);
  });
  expect(passed).toBe(false);
});

test('it passes when nothing comes', async () => {
  await new Promise<void>((done) => startDeadline(5, done));
});
