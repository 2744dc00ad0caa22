import { createHash, createPublicKey, type Hash, type KeyObject } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from '../../contract/index.ts';
import { mayHold } from './contents.ts';
import { Manifest, manifestDigest, manifestDigestFile, manifestFile } from './manifest.ts';
import { fileKeyFor, fingerprintOf, Opener, type SealHeader } from './seal.ts';
import { TarReader } from './tar.ts';

export const sealedMagic = 'BIRTHMARK SEALED BACKUP 1\n';
/** Of the operating system, with an errno. */
const isRefusal = (thrown: unknown): boolean => typeof (thrown as { errno?: unknown } | null)?.errno === 'number';
const pieceBytes = 1024 * 1024;
/** Of a manifest with all its files. */
const mostHeaderBytes = 16 * 1024 * 1024;

const Header = z.object({ manifest: Manifest, seal: z.object({ ephemeral: z.string(), recipient: z.string() }).strict() }).strict();

/** What a backup says of itself, before its content was looked at. */
export interface BackupHead {
  readonly manifest: Manifest;
  /** Null: it is not sealed. */
  readonly seal: SealHeader | null;
}

/** Gets the files of a backup, one after the other. */
export interface BackupSink {
  begin(name: string): void;
  bytes(piece: Buffer): void;
  end(): void;
}

/** With which key a sealed backup is opened: the customer's, or, for whoever has just sealed it, the one of that backup. */
export type OpeningKey = { readonly privateKey: KeyObject } | { readonly fileKey: Buffer };

export const damagedBackup = (path: string, problem: string): Failure => new Failure('BACKUP_DAMAGED', { path, problem });

/** The first part of a backup. BACKUP_DAMAGED for what is none; FILE_NOT_FOUND, FILE_FAILED. */
export function readHead(path: string): Promise<BackupHead> {
  return usingFile(path, (file) => headOf(path, file).head);
}

/**
 * Reads a whole backup and checks it against its manifest: every file is there, as long as it was and with the same digest, and nothing else is.
 * BACKUP_DAMAGED, BACKUP_SEALED without the key, BACKUP_KEY_WRONG with another.
 */
export async function readBackup(path: string, key: OpeningKey | null, sink: BackupSink | null = null): Promise<Manifest> {
  return usingFile(path, async (file) => {
    const { head, payloadAt, headerLine } = headOf(path, file);
    const contents = new CheckedContents(head.manifest, sink);
    const tar = new TarReader(contents);
    try {
      if (head.seal === null) await eachPiece(file, payloadAt, (piece) => tar.push(piece));
      else {
        const opener = new Opener(openingKey(path, head.seal, key), headerLine, (piece) => tar.push(piece));
        await eachPiece(file, payloadAt, (piece) => opener.push(piece));
        opener.finish();
      }
      tar.finish();
      contents.finish();
    } catch (thrown) {
      if (thrown instanceof Failure || isRefusal(thrown)) throw thrown;
      throw damagedBackup(path, thrown instanceof Error ? thrown.message : String(thrown));
    }
    return head.manifest;
  });
}

function openingKey(path: string, seal: SealHeader, key: OpeningKey | null): Buffer {
  if (key === null) throw new Failure('BACKUP_SEALED', { path, key: seal.recipient });
  if ('fileKey' in key) return key.fileKey;
  const given = fingerprintOf(createPublicKey(key.privateKey));
  if (given !== seal.recipient) throw new Failure('BACKUP_KEY_WRONG', { path, key: seal.recipient, given });
  return fileKeyFor(key.privateKey, seal);
}

function headOf(path: string, file: number): { head: BackupHead; payloadAt: number; headerLine: Buffer } {
  const start = Buffer.alloc(sealedMagic.length);
  const got = readSync(file, start, 0, start.length, 0);
  try {
    if (start.toString('latin1', 0, got) !== sealedMagic) {
      return { head: { manifest: firstFile(file), seal: null }, payloadAt: 0, headerLine: Buffer.alloc(0) };
    }
    const headerLine = lineAt(file, sealedMagic.length);
    const head = Header.parse(JSON.parse(headerLine.toString('utf8')));
    return { head, payloadAt: sealedMagic.length + headerLine.length + 1, headerLine };
  } catch (thrown) {
    if (isRefusal(thrown)) throw thrown;
    throw damagedBackup(path, 'it is no backup, or its beginning is damaged');
  }
}

function lineAt(file: number, from: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = from; at - from < mostHeaderBytes; at += pieceBytes) {
    const piece = Buffer.alloc(pieceBytes);
    const got = piece.subarray(0, readSync(file, piece, 0, pieceBytes, at));
    const end = got.indexOf(0x0a);
    pieces.push(end < 0 ? got : got.subarray(0, end));
    if (end >= 0) return Buffer.concat(pieces);
    if (got.length < pieceBytes) break;
  }
  throw new Error('no header');
}

function firstFile(file: number): Manifest {
  const pieces: Buffer[] = [];
  let name = '';
  let done = false;
  const reader = new TarReader({
    begin: (one) => (name = done ? name : one.name),
    bytes: (piece) => void (done || pieces.push(Buffer.from(piece))),
    end: () => (done = true),
  });
  for (let at = 0; !done && at < mostHeaderBytes; at += pieceBytes) {
    const piece = Buffer.alloc(pieceBytes);
    const got = readSync(file, piece, 0, pieceBytes, at);
    if (got === 0) break;
    reader.push(piece.subarray(0, got));
  }
  if (!done || name !== manifestFile) throw new Error('no manifest');
  return Manifest.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
}

async function eachPiece(file: number, from: number, take: (piece: Buffer) => void): Promise<void> {
  for (let at = from; ; at += pieceBytes) {
    const piece = Buffer.alloc(pieceBytes);
    const got = readSync(file, piece, 0, pieceBytes, at);
    if (got === 0) return;
    take(piece.subarray(0, got));
    await nextTurn();
  }
}

/** Compares what comes with the manifest, and hands it on. The manifest comes first, and its digest last. */
class CheckedContents {
  readonly #manifest: Manifest;
  readonly #sink: BackupSink | null;
  /** Which of the manifest's files comes next; -1: the manifest itself. */
  #next = -1;
  #hash: Hash = createHash('sha256');
  #text: Buffer[] = [];
  #manifestSha256 = '';

  constructor(manifest: Manifest, sink: BackupSink | null) {
    this.#manifest = manifest;
    this.#sink = sink;
  }

  /** Null: the manifest, or its digest. */
  get #file(): Manifest['files'][number] | null {
    return this.#manifest.files[this.#next] ?? null;
  }

  begin({ name, size }: { readonly name: string; readonly size: number }): void {
    this.#hash = createHash('sha256');
    this.#text = [];
    const file = this.#file;
    const expected = file?.name ?? (this.#next < 0 ? manifestFile : manifestDigestFile);
    if (this.#next > this.#manifest.files.length || name !== expected || (file !== null && file.bytes !== size))
      throw new Error(`${name} is not what has to be there`);
    if (file === null) return;
    if (!mayHold(name)) throw new Error(`${name} is no file of a backup`);
    this.#sink?.begin(name);
  }

  bytes(piece: Buffer): void {
    this.#hash.update(piece);
    if (this.#file === null) this.#text.push(Buffer.from(piece));
    else this.#sink?.bytes(piece);
  }

  end(): void {
    const sha256 = this.#hash.digest('hex');
    const file = this.#file;
    if (file !== null) {
      if (sha256 !== file.sha256) throw new Error(`${file.name} was changed`);
      this.#sink?.end();
    } else this.#endText(Buffer.concat(this.#text).toString('utf8'), sha256);
    this.#next++;
  }

  #endText(text: string, sha256: string): void {
    if (this.#next < 0) {
      const inside = Manifest.parse(JSON.parse(text));
      if (JSON.stringify(inside) !== JSON.stringify(this.#manifest)) throw new Error('it has two different manifests');
      this.#manifestSha256 = sha256;
    } else if (text !== manifestDigest(this.#manifestSha256)) throw new Error('its manifest was changed');
  }

  finish(): void {
    if (this.#next <= this.#manifest.files.length) throw new Error(`${this.#file?.name ?? manifestDigestFile} is missing`);
  }
}

/** FILE_NOT_FOUND, FILE_IS_FOLDER, FILE_DENIED, FILE_FAILED for what the operating system refuses. */
async function usingFile<T>(path: string, use: (file: number) => Promise<T> | T): Promise<T> {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    return await use(file);
  } catch (thrown) {
    const errno = thrown instanceof Failure ? undefined : (thrown as { code?: string }).code;
    if (errno === 'ENOENT') throw new Failure('FILE_NOT_FOUND', { path }, thrown);
    if (errno === 'EISDIR') throw new Failure('FILE_IS_FOLDER', { path }, thrown);
    if (errno === 'EACCES' || errno === 'EPERM') throw new Failure('FILE_DENIED', { path }, thrown);
    throw errno === undefined ? thrown : new Failure('FILE_FAILED', { path, errno }, thrown);
  } finally {
    if (file !== null) closeSync(file);
  }
}
