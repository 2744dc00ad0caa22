import type { CanaryResult, Publication } from './host.ts';

interface QueuedPublication {
  readonly publication: Publication;
  readonly at: number;
  resolve(result: CanaryResult): void;
  reject(error: unknown): void;
}

/** One publication at a time. What comes meanwhile waits and is served together, by the newest: each is the whole state. */
export class PublicationQueue {
  readonly #apply: (publication: Publication) => Promise<CanaryResult>;
  readonly #onChange: () => void;
  #waiting: QueuedPublication[] = [];
  #running = false;

  constructor(apply: (publication: Publication) => Promise<CanaryResult>, onChange: () => void) {
    this.#apply = apply;
    this.#onChange = onChange;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** When the oldest of them came, in ms since the epoch. */
  get since(): number | null {
    return this.#waiting[0]?.at ?? null;
  }

  add(publication: Publication, at: number): Promise<CanaryResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ publication, at, resolve, reject });
      if (this.#running) this.#onChange();
      else void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let newest = this.#waiting.at(-1); newest !== undefined; newest = this.#waiting.at(-1)) {
      const served = this.#waiting;
      this.#waiting = [];
      try {
        const result = await this.#apply(newest.publication);
        for (const one of served) one.resolve(result);
      } catch (error) {
        for (const one of served) one.reject(error);
      }
    }
    this.#running = false;
    this.#onChange();
  }
}
