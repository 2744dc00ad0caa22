/** So many in a window for each name, and for all names together ten times as many; forgets with the window, so its memory is bounded by it. */
export class RateLimit {
  readonly #most: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  #began: number;
  #all = 0;
  readonly #counts = new Map<string, number>();

  /** @param now A clock that nobody sets, in milliseconds. */
  constructor(most: number, windowMs: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#windowMs = windowMs;
    this.#now = now;
    this.#began = now();
  }

  count(name: string): void {
    this.#turn();
    this.#all++;
    // Beyond the sum nobody is let through anyway: the map grows no further.
    if (this.#all <= this.#most * 10) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  isOver(name: string): boolean {
    this.#turn();
    return (this.#counts.get(name) ?? 0) >= this.#most || this.#all >= this.#most * 10;
  }

  #turn(): void {
    const now = this.#now();
    if (now - this.#began < this.#windowMs) return;
    this.#began = now;
    this.#all = 0;
    this.#counts.clear();
  }
}
