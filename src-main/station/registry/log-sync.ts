import { close, fdatasync, openSync } from 'node:fs';

/** Brings what SQLite has committed to its write-ahead log to disk on another thread, while this one goes on. One sync at a time. */
export class LogSync {
  readonly #path: string;
  #file: number | null = null;
  #running = false;
  #closed = false;

  /** `database`: its path; the log stands beside it from the first commit until the last connection is closed. */
  constructor(database: string) {
    this.#path = `${database}-wal`;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves when all that was committed before this call is on disk. Rejects with the error of the file system. */
  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#file ??= openSync(this.#path, 'r+');
      this.#running = true;
      fdatasync(this.#file, (error) => {
        this.#running = false;
        if (this.#closed) this.close();
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** Before the database is closed, which syncs by itself. */
  close(): void {
    this.#closed = true;
    if (this.#running || this.#file === null) return;
    close(this.#file, () => undefined);
    this.#file = null;
  }
}
