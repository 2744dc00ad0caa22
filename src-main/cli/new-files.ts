import { closeSync, rmSync } from 'node:fs';
import { fillFile, openNewFile } from './files.ts';

/** Files that are made before they are filled; what stays empty is taken away again. */
export class NewFiles {
  readonly #open = new Map<string, number>();

  /** FILE_EXISTS when it is there already: a key must not be overwritten. */
  open(path: string, mode: number): void {
    this.#open.set(path, openNewFile(path, mode));
  }

  write(path: string, text: string): void {
    const file = this.#open.get(path);
    if (file === undefined) throw new Error(`${path} was not opened`);
    fillFile(path, file, text);
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
