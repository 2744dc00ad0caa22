const quietMs = 100;

/** Passes values on, at most ten a second; the last one always, and the first after a pause at once. */
export class Announcer<T> {
  readonly #emit: (value: T) => void;
  #waiting: { readonly value: T } | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(emit: (value: T) => void) {
    this.#emit = emit;
  }

  tell(value: T): void {
    if (this.#timer !== null) {
      this.#waiting = { value };
      return;
    }
    this.#emit(value);
    this.#timer = setTimeout(() => {
      this.flush();
    }, quietMs);
    this.#timer.unref();
  }

  /** Tells what is still waiting, now. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) this.tell(waiting.value);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting !== null) this.#emit(this.#waiting.value);
    this.#waiting = null;
  }
}
