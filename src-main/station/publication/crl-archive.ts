import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrlScope } from '../registry/index.ts';

/** How many of the newest CRLs stay as files; older ones are written again from the registry when somebody asks. */
const keptFiles = 16;

const folderOf = (dataDir: string): string => join(dataDir, 'crl');

/** Removes what a station that was killed left half written; only while nothing is being built. Lists have numbers, all else is on its way. */
export function sweepUnfinished(dataDir: string): void {
  const folder = folderOf(dataDir);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) if (!name.endsWith('.crl')) rmSync(join(folder, name), { force: true });
}

/** The CRL files of one scope, each under its number. */
export class CrlArchive {
  readonly #folder: string;
  readonly #prefix: string;

  constructor(dataDir: string, { issuer, partition }: CrlScope) {
    this.#folder = folderOf(dataDir);
    // The first partition's files are called as all were before there were more of them.
    this.#prefix = partition === 0 ? `${issuer}-` : `${issuer}.${String(partition)}-`;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  path(number: number): string {
    return join(this.#folder, `${this.#prefix}${String(number)}.crl`);
  }

  /** Where one is written before anybody knows that it is good. */
  get draft(): string {
    return join(this.#folder, `${this.#prefix}draft`);
  }

  /** Where an older one is put for whoever asks; one at a time. */
  again(number: number): string {
    const path = join(this.#folder, `${this.#prefix}again.${String(number)}`);
    for (const name of readdirSync(this.#folder))
      if (name.startsWith(`${this.#prefix}again.`) && join(this.#folder, name) !== path) rmSync(join(this.#folder, name), { force: true });
    return path;
  }

  has(number: number): boolean {
    return existsSync(this.path(number));
  }

  /** The draft takes its place under its number, in one step. */
  async keep(number: number): Promise<void> {
    await rename(this.draft, this.path(number));
    await using folder = await open(this.#folder, 'r');
    await folder.sync();
  }

  /** Numbers of the files, lowest first; also of one that a crash kept out of the registry. */
  numbers(): number[] {
    return readdirSync(this.#folder)
      .filter((name) => name.startsWith(this.#prefix) && name.endsWith('.crl'))
      .map((name) => name.slice(this.#prefix.length, -'.crl'.length))
      .filter((digits) => /^\d{1,15}$/u.test(digits))
      .map(Number)
      .sort((a, b) => a - b);
  }

  sweep(): void {
    for (const number of this.numbers().slice(0, -keptFiles)) rmSync(this.path(number), { force: true });
  }
}
