import { expect, test } from 'vitest';
import { sideBySide } from '../../../scripts/testing/side-by-side.mjs';

/** Jobs that a test ends one by one, and what happened so far. */
function started(jobs: readonly string[]): { log: string[]; end: (job: string, passed?: boolean) => void; failed: Promise<string | null> } {
  const log: string[] = [];
  const running = new Map<string, (passed: boolean) => void>();
  const failed = sideBySide(jobs, 2, async (job) => {
    log.push(`${job} begins`);
    const passed = await new Promise<boolean>((done) => running.set(job, done));
    log.push(`${job} ${passed ? 'passed' : 'failed'}`);
    return passed;
  });
  return { log, failed, end: (job, passed = true) => running.get(job)?.(passed) };
}

const settled = (): Promise<void> => new Promise((next) => setImmediate(next));

test('two at a time, in their order', async () => {
  const { log, end, failed } = started(['a', 'b', 'c']);
  expect(log).toEqual(['a begins', 'b begins']);
  end('b');
  await settled();
  expect(log).toEqual(['a begins', 'b begins', 'b passed', 'c begins']);
  end('c');
  end('a');
  expect(await failed).toBeNull();
});

test('none begins after one that failed; what runs goes on to its end, and the first failure is named', async () => {
  const { log, end, failed } = started(['a', 'b', 'c']);
  end('b', false);
  await settled();
  end('a', false);
  expect(await failed).toBe('b');
  expect(log).toEqual(['a begins', 'b begins', 'b failed', 'a failed']);
});
