import { createHash, randomUUID } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DerError, DerReader, der, onlyElement, readText, tags } from '../../der/index.ts';
import { Failure, systemFailure } from '../../contract/index.ts';
import { isBy, readClientCas, readCrls, rejected } from './crl.ts';
import type { Publication } from './host.ts';

/** File name → PEM. */
export type CrlFiles = ReadonlyMap<string, string>;

const hashed = /^[0-9a-f]{8}\.r\d{1,4}$/u;

/**
 * A CRL hash directory, as OpenSSL and Erlang look lists up: `{hash of the issuer's name}.r{n}`, without a gap. RabbitMQ reads it at each handshake,
 * so what is renamed into it is in force. Lists of other issuers, other stations' among them, are left alone.
 */
export class CrlFolder {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** All lists there. BROKER_HOST_FAILED where there is no folder: it is not made here, since a mount that is missing would look like one. */
  async read(): Promise<CrlFiles> {
    try {
      const names = (await readdir(this.#dir)).filter((name) => hashed.test(name)).toSorted();
      return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(this.#dir, name), 'utf8')] as const)));
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Makes the files of these issuers' hashes as `wanted` has them, each whole or as it was; false when they are so already. */
  async install(wanted: CrlFiles): Promise<boolean> {
    const there = await this.read();
    const hashes = new Set([...wanted.keys()].map(hashOf));
    const surplus = [...there.keys()].filter((name) => hashes.has(hashOf(name)) && !wanted.has(name));
    const changed = [...wanted].filter(([name, pem]) => there.get(name) !== pem);
    try {
      for (const [name, pem] of changed) await this.#replace(name, pem);
      // From the end: readers stop at the first gap.
      for (const name of surplus.toReversed()) await rm(join(this.#dir, name), { force: true });
      return changed.length + surplus.length > 0;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Puts back what was there before `install` of `instead`. */
  async restore(before: CrlFiles, instead: CrlFiles): Promise<void> {
    const hashes = new Set([...instead.keys()].map(hashOf));
    const old = new Map([...before].filter(([name]) => hashes.has(hashOf(name))));
    // Without a list before, the new one stays: it was signed and checked, and none would lock everybody out.
    if (old.size > 0) await this.install(old);
  }

  /** Readable for the broker's own user: a list is public. */
  async #replace(name: string, pem: string): Promise<void> {
    const fresh = join(this.#dir, `.birthmark-${randomUUID()}`);
    try {
      const file = await open(fresh, 'wx', 0o644);
      try {
        await file.writeFile(pem);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, join(this.#dir, name));
    } finally {
      await rm(fresh, { force: true });
    }
  }

  #failure(error: unknown): unknown {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return new Failure('BROKER_HOST_FAILED', { problem: `there is no folder ${this.#dir}` }, error);
    return systemFailure(error, this.#dir) ?? error;
  }
}

const hashOf = (name: string): string => name.slice(0, 8);

/** This publication's lists under the names that they have in a hash directory. CRL_REJECTED for an issuer whose name has no hash. */
export function crlFiles(publication: Publication): CrlFiles {
  const files = new Map<string, string>();
  for (const crl of publication.crls.flatMap(({ pem }) => readCrls(pem).map(({ issuer }) => ({ issuer, pem })))) {
    const hash = issuerHash(crl.issuer);
    let n = 0;
    while (files.has(`${hash}.r${n}`)) n++;
    files.set(`${hash}.r${n}`, `${crl.pem.trim()}\n`);
  }
  return files;
}

/** CRL_REJECTED where another CA of the same name has a list: the two would take each other's place. */
export function refuseNamesakes(publication: Publication, there: CrlFiles, wanted: CrlFiles): void {
  const cas = readClientCas(publication.clientCaPem);
  const hashes = new Set([...wanted.keys()].map(hashOf));
  for (const [name, pem] of there) {
    if (!hashes.has(hashOf(name))) continue;
    const foreign = wholeCrls(pem).some((crl) => !cas.some((ca) => isBy(crl, ca)));
    if (foreign) throw rejected(`${name} is the list of another CA with the same name`);
  }
}

/** What is damaged is nobody's: it is replaced. */
function wholeCrls(pem: string): ReturnType<typeof readCrls> {
  try {
    return readCrls(pem);
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

/**
 * OpenSSL's hash of a Name (X509_NAME_hash): SHA-1 over its parts with each text in UTF8String, in small letters and without spaces that do not count;
 * the first four bytes, the lowest first.
 */
export function issuerHash(name: Uint8Array): string {
  try {
    const parts: Buffer[] = [];
    const names = new DerReader(onlyElement(name, tags.sequence).content);
    while (!names.done) {
      const members: Buffer[] = [];
      const relative = names.enter(tags.set);
      while (!relative.done) {
        const attribute = relative.enter(tags.sequence);
        const type = attribute.element(tags.oid).bytes;
        members.push(der.sequence(type, der.utf8String(canonical(readText(attribute.element())))));
      }
      parts.push(der.tlv(tags.set, ...members));
    }
    return createHash('sha1').update(Buffer.concat(parts)).digest().readUInt32LE().toString(16).padStart(8, '0');
  } catch (error) {
    if (error instanceof DerError) throw rejected(`the issuer's name cannot be looked up: ${error.message}`);
    throw error;
  }
}

const canonical = (text: string): string =>
  text
    .replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/gu, '')
    .replace(/[ \t\n\v\f\r]+/gu, ' ')
    .replace(/[A-Z]/gu, (letter) => letter.toLowerCase());
