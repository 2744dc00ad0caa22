type Job = () => Promise<void>;

/** One thing at a time on a PKCS#11 session; CRLs overtake certificates, so that a revocation never waits for the line. */
export class SessionQueue {
  readonly #urgent: Job[] = [];
  readonly #usual: Job[] = [];
  #running = false;

  get idle(): boolean {
    return !this.#running;
  }

  async run<T>(priority: 'urgent' | 'usual', task: () => Promise<T> | T): Promise<T> {
    let start = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      start = resolve;
    });
    const result = turn.then(task);
    const list = priority === 'urgent' ? this.#urgent : this.#usual;
    list.push(async () => {
      start();
      await result.catch(() => undefined);
    });
    if (!this.#running) void this.#drain();
    return result;
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let job = this.#take(); job !== undefined; job = this.#take()) await job();
    this.#running = false;
  }

  #take(): Job | undefined {
    return this.#urgent.shift() ?? this.#usual.shift();
  }
}
