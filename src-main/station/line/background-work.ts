/** Work that goes on beside the steps of a run, until a later step waits for it. */
export class BackgroundWork<T> {
  readonly #own = new AbortController();
  readonly #work: Promise<T>;

  constructor(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) {
    this.#work = work(AbortSignal.any([signal, this.#own.signal]));
    // Whoever waits for it is told; until then nobody is.
    this.#work.catch(() => undefined);
  }

  /** What it came to; rejects with what it failed with. */
  get result(): Promise<T> {
    return this.#work;
  }

  /** Gives it up. Resolves when it has ended, whatever came of it. */
  async stop(): Promise<void> {
    this.#own.abort();
    await this.#work.catch(() => undefined);
  }
}
