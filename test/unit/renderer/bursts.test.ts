import { beforeEach, describe, expect, it } from 'vitest';
import { Bursts, type Heard } from '../../../src-renderer/app/bursts.ts';

let now = 0;
let keys: string[] = [];
let scans: string[] = [];
let timer: { at: number; work: () => void } | null = null;
const bursts = (): Bursts =>
  new Bursts({
    onKey: (key) => void keys.push(key),
    onScan: (text) => void scans.push(text),
    later: (work, ms) => {
      const mine = { at: now + ms, work };
      timer = mine;
      return () => {
        if (timer === mine) timer = null;
      };
    },
  });

function pass(ms: number): void {
  now += ms;
  if (timer === null || timer.at > now) return;
  const { work } = timer;
  timer = null;
  work();
}

/** Each key `gap` milliseconds after the one before. */
function type(to: Bursts, text: readonly string[], gap: number): Heard[] {
  return text.map((key) => {
    pass(gap);
    return to.press(key, now, key.length === 1);
  });
}

beforeEach(() => {
  [now, keys, scans, timer] = [1_000, [], [], null];
});

describe('a scanner', () => {
  it.each([1, 10, 34])('with %i ms between its keys: one scan, no key press, and its Enter belongs to nobody else', (gap) => {
    const heard = type(bursts(), [...'T2-000133', 'Enter'], gap);
    pass(1_000);
    expect({ keys, scans }).toEqual({ keys: [], scans: ['T2-000133'] });
    expect(heard).toEqual(['wait', ...Array<Heard>(9).fill('take')]);
  });

  it('that sends no Enter is heard when it is quiet', () => {
    type(bursts(), [...'acme/T2-1'], 5);
    expect(scans).toEqual([]);
    pass(100);
    expect({ keys, scans }).toEqual({ keys: [], scans: ['acme/T2-1'] });
  });

  it('that says what code it read is believed about the label only', () => {
    type(bursts(), [...']C1T2-000133', 'Enter'], 5);
    expect(scans).toEqual(['T2-000133']);
  });

  it('twice in a row is two scans', () => {
    const to = bursts();
    type(to, [...'T2-000133', 'Enter', ...'T2-000134', 'Enter'], 5);
    expect(scans).toEqual(['T2-000133', 'T2-000134']);
  });
});

describe('a person', () => {
  it('presses one key: it acts once it is clear that nothing follows', () => {
    const to = bursts();
    expect(type(to, ['2'], 300)).toEqual(['wait']);
    expect(keys).toEqual([]);
    pass(70);
    expect(keys).toEqual(['2']);
  });

  it('types, one key after the other', () => {
    const to = bursts();
    expect(type(to, ['1', '2', 'Enter'], 90)).toEqual(['wait', 'wait', 'act']);
    pass(100);
    expect({ keys, scans }).toEqual({ keys: ['1', '2'], scans: [] });
  });

  it('strikes two keys at once: neither acts', () => {
    type(bursts(), ['1', '2'], 8);
    pass(100);
    expect({ keys, scans }).toEqual({ keys: [], scans: [] });
  });

  it('uses keys that are no characters at once', () => {
    expect(type(bursts(), ['F2', 'ArrowDown', 'Enter', 'Tab'], 5)).toEqual(['act', 'act', 'act', 'act']);
  });
});
