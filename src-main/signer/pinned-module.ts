import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Failure, ModuleConfig } from '../contract/index.ts';

const File = z.object({ module: ModuleConfig }).strict();

/**
 * The one module that the signer loads, from the first PIN on that an officer entered with it: whoever can name another library gets its code
 * into the process that sees PINs. A file beside the signer's record; an officer changes it by proving the keys behind another.
 */
export class PinnedModule {
  readonly #path: string | null;
  readonly #dataDir: string;
  #text: string | null;

  private constructor(path: string | null, dataDir: string, text: string | null) {
    this.#path = path;
    this.#dataDir = dataDir;
    this.#text = text;
  }

  /** Null: for as long as the process runs. Paths in `dataDir` are kept without it, so that the folder may be moved. */
  static open(path: string | null, dataDir: string): PinnedModule {
    return new PinnedModule(path, dataDir, path === null ? null : readPinned(path));
  }

  /** MODULE_NOT_ALLOWED for any other than the pinned one. */
  mustBe(module: ModuleConfig): void {
    if (this.#text === null || this.#text === this.#textOf(module)) return;
    const pinned = File.parse(JSON.parse(this.#text)).module.path;
    throw new Failure('MODULE_NOT_ALLOWED', { path: module.path, pinned });
  }

  /** From now on this one only, where there was none. */
  pin(module: ModuleConfig): void {
    if (this.#text === null) this.change(module);
  }

  /** From now on this one only, whatever it was. */
  change(module: ModuleConfig): void {
    const text = this.#textOf(module);
    if (this.#path !== null) {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      writeFileSync(`${this.#path}.new`, text, { mode: 0o600, flush: true });
      renameSync(`${this.#path}.new`, this.#path);
    }
    this.#text = text;
  }

  #textOf(module: ModuleConfig): string {
    const inFolder = (text: string): string => (text.startsWith(`${this.#dataDir}/`) ? `{data}${text.slice(this.#dataDir.length)}` : text);
    const env = Object.entries(module.env)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, inFolder(value)] as const);
    return `${JSON.stringify({ module: { ...module, path: inFolder(module.path), env: Object.fromEntries<string>(env) } }, null, 2)}\n`;
  }
}

/** A file that cannot be read as one pins nothing that could be loaded: an administrator has to look at it. */
function readPinned(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    File.parse(JSON.parse(text));
    return text;
  } catch {
    return JSON.stringify({ module: { path: `nothing, because ${path} is damaged`, env: {} } });
  }
}
