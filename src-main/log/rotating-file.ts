import { appendFileSync, mkdirSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { numbered, type Rotation } from './files.ts';

export interface RotatingFileOptions {
  readonly path: string;
  readonly rotation: Rotation;
  /** Whether the folder may be written to yet; lines wait until it may. */
  readonly mayWrite: () => boolean;
  /** Nothing can be written any more; told once, and once more after each time that writing went well in between. */
  readonly onTrouble: (thrown: unknown) => void;
}

const pauseMs = 100;
/** While the disk takes nothing. */
const troubledPauseMs = 5_000;
/** Characters that may wait for a disk that takes nothing. */
const mostWaiting = 4 * 1024 * 1024;
/** A process that was killed while it moved the files left its mark behind. */
const staleMs = 10_000;

/**
 * Appends in batches, never one write a line, and never throws: a full disk or a folder that is gone costs lines, which are counted and
 * reported once there is room. Files 0600, the folder 0700; its parent is not made. Several processes may write: each batch is one append
 * to the file that has the name then, and whoever moves the files is alone at it.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  readonly #folder: string;
  #waiting = '';
  #lost = 0;
  #troubled = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  readonly #atExit = (): void => this.writeNow();

  constructor(options: RotatingFileOptions) {
    this.#options = options;
    this.#folder = dirname(options.path);
    process.once('exit', this.#atExit);
  }

  write(line: string): void {
    if (this.#waiting.length + line.length > mostWaiting) this.#lost++;
    else this.#waiting += line;
    this.#timer ??= setTimeout(() => void this.flush(), this.#troubled ? troubledPauseMs : pauseMs).unref();
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#append());
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    process.off('exit', this.#atExit);
  }

  async #append(): Promise<void> {
    if (this.#waiting === '' || !this.#options.mayWrite()) return;
    const batch = this.#waiting;
    this.#waiting = '';
    const lost = this.#lost;
    try {
      await mkdir(this.#folder, { mode: 0o700 }).catch(ignore('EEXIST'));
      await this.#rotate(Buffer.byteLength(batch));
      await appendFile(this.#options.path, batch + lossOf(lost), { mode: 0o600 });
      this.#lost -= lost;
      this.#troubled = false;
    } catch (thrown) {
      // Nowhere to write to: these lines wait for the next ones.
      this.#waiting = batch + this.#waiting;
      if (!this.#troubled) this.#options.onTrouble(thrown);
      this.#troubled = true;
    }
  }

  async #rotate(coming: number): Promise<void> {
    const { path, rotation } = this.#options;
    const isFull = async (): Promise<boolean> => {
      const size = await sizeOf(path);
      return size > 0 && size + coming > rotation.maxBytes;
    };
    if (!(await isFull())) return;
    const mark = join(this.#folder, 'moving');
    if (!(await this.#takeMark(mark))) return;
    try {
      // Another process may have moved them meanwhile.
      if (await isFull()) {
        await rm(numbered(path, rotation.kept), { force: true });
        for (let number = rotation.kept - 1; number >= 0; number--)
          await rename(numbered(path, number), numbered(path, number + 1)).catch(ignore('ENOENT'));
      }
    } finally {
      await rmdir(mark).catch(ignore('ENOENT'));
    }
  }

  /** False while another process moves the files: this batch still goes to the file that is full. */
  async #takeMark(mark: string): Promise<boolean> {
    try {
      await mkdir(mark);
      return true;
    } catch (thrown) {
      if (codeOf(thrown) !== 'EEXIST') throw thrown;
      const made = await stat(mark).catch(ignore('ENOENT'));
      if (made !== undefined && Date.now() - made.mtimeMs > staleMs) await rmdir(mark).catch(ignore('ENOENT'));
      return false;
    }
  }

  /** For a process that ends at once. */
  writeNow(): void {
    if (this.#waiting === '' || !this.#options.mayWrite()) return;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      appendFileSync(this.#options.path, this.#waiting, { mode: 0o600 });
      this.#waiting = '';
    } catch {
      // The process ends, and there is nowhere to write to.
    }
  }
}

const codeOf = (thrown: unknown): string | undefined => (thrown as NodeJS.ErrnoException).code;

const ignore =
  (code: string) =>
  (thrown: unknown): undefined => {
    if (codeOf(thrown) !== code) throw thrown;
    return undefined;
  };

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(ignore('ENOENT')))?.size ?? 0;

const lossOf = (lost: number): string =>
  lost === 0
    ? ''
    : `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), component: 'supervisor', msg: `${String(lost)} lines of the log were lost` })}\n`;
