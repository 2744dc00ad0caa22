interface Waiting {
  readonly run: () => Promise<void>;
}

/** One thing at a time on a PKCS#11 session; CRLs overtake certificates, so that a revocation never waits for the line. */
export class SessionQueue {
  readonly #urgent: Waiting[] = [];
  readonly #usual: Waiting[] = [];
  #running = false;

  get idle(): boolean {
    return !this.#running;
  }

  run<T>(priority: 'urgent' | 'usual', task: () => Promise<T> | T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const list = priority === 'urgent' ? this.#urgent : this.#usual;
      list.push({
        run: async () => {
          try {
            resolve(await task());
          } catch (error) {
            reject(error);
          }
        },
      });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let next = this.#take(); next !== undefined; next = this.#take()) await next.run();
    this.#running = false;
  }

  #take(): Waiting | undefined {
    return this.#urgent.shift() ?? this.#usual.shift();
  }
}
