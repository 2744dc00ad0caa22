import { existsSync, readlinkSync, rmSync, readFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { CrlArchive } from '../../src-main/station/publication/crl-archive.ts';
import { Crls } from '../../src-main/station/registry/crls.ts';

/**
 * A moment in the life of a revocation list, in order: its entries half put aside, itself half written, synced under no name yet, drafted and
 * compared, under its number, in the registry, on the broker host.
 */
export const publicationCrashes = ['entries', 'half', 'synced', 'drafted', 'kept', 'recorded', 'published'] as const;
export type PublicationCrash = (typeof publicationCrashes)[number];

// A station service that kills itself at the moment that the file BIRTHMARK_TEST_PUBLICATION_CRASH names, once.
const file = process.env['BIRTHMARK_TEST_PUBLICATION_CRASH'] ?? '';

function reached(moment: PublicationCrash): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== moment) return;
  rmSync(file);
  process.kill(process.pid, 'SIGKILL');
}

async function patchFiles(): Promise<void> {
  await using any = await open(process.execPath, 'r');
  const files = Object.getPrototypeOf(any) as Pick<FileHandle, 'sync'> & { write: (...parts: unknown[]) => Promise<unknown> };
  const nameOf = (handle: FileHandle): string => readlinkSync(`/proc/self/fd/${String(handle.fd)}`);
  const { sync, write } = files;
  files.write = async function (this: FileHandle, ...parts: unknown[]): Promise<unknown> {
    const done = await write.apply(this, parts);
    const name = nameOf(this);
    if (name.endsWith('-draft.entries')) reached('entries');
    // Not its head, which is small: in the middle of its entries.
    if (name.endsWith('-draft.new') && (parts[0] as Uint8Array).length > 10_000) reached('half');
    return done;
  };
  files.sync = async function (this: FileHandle): Promise<void> {
    await sync.call(this);
    if (nameOf(this).endsWith('-draft.new')) reached('synced');
  };
}

const { keep } = CrlArchive.prototype;
CrlArchive.prototype.keep = async function (this: CrlArchive, number): Promise<void> {
  reached('drafted');
  await keep.call(this, number);
  reached('kept');
};
const { record, published } = Crls.prototype;
Crls.prototype.record = function (this: Crls, crl, content, actor): void {
  record.call(this, crl, content, actor);
  reached('recorded');
};
Crls.prototype.published = function (this: Crls, scope, number): void {
  reached('published');
  published.call(this, scope, number);
};

await patchFiles();
await import('../../src-main/station/service.ts');
