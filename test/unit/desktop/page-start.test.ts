import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PageStart } from '../../../src-main/desktop/page-start.ts';

let done: string[];
let page: PageStart;

beforeEach(() => {
  vi.useFakeTimers();
  done = [];
  page = new PageStart({
    reload: () => void done.push('reload'),
    explain: (reason) => void done.push(`explain: ${reason}`),
    giveUp: (reason) => void done.push(`give up: ${reason}`),
  });
  page.loading();
});
afterEach(() => vi.useRealTimers());

const pass = (ms: number): unknown => vi.advanceTimersByTime(ms);

test('a page that makes its first call has started, whatever it reported before and reports later', () => {
  page.error('a font was refused');
  page.loaded();
  page.started();
  page.error('something later');
  pass(60_000);
  expect(done).toEqual([]);
});

test('a page that failed is explained by the first thing it reported, three seconds after it loaded', () => {
  page.error('first');
  page.error('second');
  page.loaded();
  pass(2999);
  expect(done).toEqual([]);
  pass(1);
  expect(done).toEqual(['explain: first']);
});

test('a page that fails after it loaded is explained as well', () => {
  page.loaded();
  pass(10_000);
  page.error('late');
  pass(3000);
  expect(done).toEqual(['explain: late']);
});

test('a page that says nothing at all has half a minute', () => {
  page.loaded();
  pass(29_999);
  expect(done).toEqual([]);
  pass(1);
  expect(done).toEqual(['explain: the page loaded and then did nothing for 30 seconds']);
});

test('what cannot be loaded is explained at once, and only once', () => {
  page.failed('index.html is not there');
  page.loaded();
  page.error('late');
  pass(60_000);
  expect(done).toEqual(['explain: index.html is not there']);
});

test('loaded again by a person, it is tried like the first time', () => {
  page.failed('index.html is not there');
  page.loading();
  page.loaded();
  page.started();
  pass(60_000);
  expect(done).toHaveLength(1);
});

test('a page whose process ends is loaded anew, the second time explained, and then given up', () => {
  page.died('crashed');
  page.died('crashed');
  page.died('launch-failed');
  expect(done).toEqual(['reload', "explain: the page's process ended (crashed)", "give up: the page's process ended (launch-failed)"]);
});

test('after each start its process may end once more', () => {
  for (const _ of [1, 2, 3]) {
    page.loading();
    page.loaded();
    page.started();
    page.died('crashed');
  }
  expect(done).toEqual(['reload', 'reload', 'reload']);
});
