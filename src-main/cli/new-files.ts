import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { Failure } from '../contract/index.ts';

/** Files that are made before they are filled; what stays empty is taken away again. */
export class NewFiles {
  readonly #open = new Map<string, number>();

  /** INVALID_INPUT when it is there already: a key must not be overwritten. */
  open(option: string, path: string, mode: number): void {
    try {
      this.#open.set(path, openSync(path, 'wx', mode));
    } catch (thrown) {
      const exists = (thrown as { code?: string }).code === 'EEXIST';
      throw new Failure(
        'INVALID_INPUT',
        { field: option, problem: `${path} ${exists ? 'is there already' : 'cannot be written'}` },
        thrown,
      );
    }
  }

  write(path: string, text: string): void {
    const file = this.#open.get(path);
    if (file === undefined) throw new Error(`${path} was not opened`);
    writeSync(file, text);
    closeSync(file);
    this.#open.delete(path);
  }

  close(): void {
    for (const [path, file] of this.#open) {
      closeSync(file);
      rmSync(path, { force: true });
    }
    this.#open.clear();
  }
}
