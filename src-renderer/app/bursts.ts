/** Keys that follow each other faster than this come from a scanner; a person needs more than twice the time. */
export const burstMs = 35;
/** A shorter burst is no label: two keys that were struck together. */
const leastScanned = 4;

/** What to do with a key at once. `take`: it belongs to a scan, and whatever has the focus must not act on it. */
export type Heard = 'act' | 'wait' | 'take';

interface BurstListeners {
  /** One key alone, after the quiet time that shows that no scanner sent it. */
  readonly onKey: (key: string) => void;
  readonly onScan: (text: string) => void;
  /** Calls back once when this time has passed; what it returns takes that back. */
  readonly later: (work: () => void, ms: number) => () => void;
}

/**
 * Tells the keys of a scanner from those of a person. A scanner types a label in one burst, usually with Enter behind it: that is one scan,
 * and none of its keys is a key press. A burst that is too short is nothing.
 */
export class Bursts {
  readonly #listeners: BurstListeners;
  #keys = '';
  #lastAt = -Infinity;
  #cancel: () => void = () => undefined;

  constructor(listeners: BurstListeners) {
    this.#listeners = listeners;
  }

  /** A key went down at this time, in milliseconds. `plain`: a character, with no key held beside it. */
  press(key: string, at: number, plain: boolean): Heard {
    const inBurst = this.#keys !== '' && at - this.#lastAt < burstMs;
    if (!inBurst) this.#quiet();
    if (key === 'Enter') return this.#enter(inBurst);
    if (!plain) return 'act';
    this.#cancel();
    this.#keys += key;
    this.#lastAt = at;
    this.#cancel = this.#listeners.later(() => this.#quiet(), 2 * burstMs);
    return inBurst ? 'take' : 'wait';
  }

  #enter(inBurst: boolean): Heard {
    if (!inBurst) return 'act';
    this.#quiet();
    return 'take';
  }

  /** What came before is all of it. */
  #quiet(): void {
    this.#cancel();
    const keys = this.#keys;
    this.#keys = '';
    if (keys.length === 1) this.#listeners.onKey(keys);
    else if (keys.length >= leastScanned) this.#listeners.onScan(labelText(keys));
  }
}

/** Without what scanners put in front: the symbology identifier of ISO/IEC 15424, as `]C1`. */
const labelText = (keys: string): string => keys.replace(/^\][A-Za-z][0-9A-Za-z]/u, '').trim();
