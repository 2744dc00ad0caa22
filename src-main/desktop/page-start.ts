/** Errors that the page reports before it makes its first call usually are why it makes none. */
const afterErrorMs = 3000;
const patienceMs = 30_000;

export interface PageStartOptions {
  readonly reload: () => void;
  /** Shows why the page is not there, in its place. */
  readonly explain: (reason: string) => void;
  /** The explanation cannot be shown either: no page has a process. */
  readonly giveUp: (reason: string) => void;
}

/**
 * Finds out whether the window's page starts. It has started with its first call; a page that cannot load, that fails before that,
 * or that stays silent is explained once, and is tried again when a person loads it anew.
 */
export class PageStart {
  readonly #options: PageStartOptions;
  #phase: 'loading' | 'loaded' | 'started' | 'explained' = 'loading';
  #firstError: string | null = null;
  #deaths = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PageStartOptions) {
    this.#options = options;
  }

  /** The window goes to the page. */
  loading(): void {
    this.#phase = 'loading';
    this.#firstError = null;
    clearTimeout(this.#timer);
  }

  /** The page and its files are there, and its code ran once. */
  loaded(): void {
    if (this.#phase !== 'loading') return;
    this.#phase = 'loaded';
    this.#wait();
  }

  started(): void {
    if (this.#phase === 'explained') return;
    this.#phase = 'started';
    this.#deaths = 0;
    clearTimeout(this.#timer);
  }

  /** Something that may be why. */
  error(text: string): void {
    if (this.#phase === 'started' || this.#phase === 'explained') return;
    this.#firstError ??= text;
    if (this.#phase === 'loaded') this.#wait();
  }

  /** The page cannot be loaded. */
  failed(reason: string): void {
    if (this.#phase === 'explained') return;
    this.#phase = 'explained';
    clearTimeout(this.#timer);
    this.#options.explain(reason);
  }

  /** The process of the page ended by itself. Once that is mended quietly. */
  died(how: string): void {
    clearTimeout(this.#timer);
    this.#deaths++;
    const reason = `the page's process ended (${how})`;
    if (this.#deaths === 1) this.#options.reload();
    else if (this.#phase === 'explained') this.#options.giveUp(reason);
    else this.failed(reason);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const silent = `the page loaded and then did nothing for ${patienceMs / 1000} seconds`;
    this.#timer = setTimeout(() => this.failed(this.#firstError ?? silent), this.#firstError === null ? patienceMs : afterErrorMs);
  }
}
