import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database, { type Database as Db, type Statement } from 'better-sqlite3';
import { Failure, type KeyRef, type TokenRef, systemFailure } from '../contract/index.ts';
import { refused } from './failures.ts';
import { eachSerial, type SerialSet } from './serial-set.ts';

/** A certificate that is about to be signed. */
export interface RememberedCertificate {
  readonly serial: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  readonly spki: Uint8Array;
  readonly subject: Uint8Array;
  readonly tbs: Uint8Array;
}

/** A revocation list that is about to be signed. */
export interface RememberedList {
  readonly number: number;
  readonly digest: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number;
  readonly serials: SerialSet;
}

/** The number of the last list that somebody else says was signed. */
export interface ToldNumber {
  readonly ckaId: string;
  readonly uri: string;
  readonly number: number;
}

const schema = `
  CREATE TABLE keys (id INTEGER PRIMARY KEY, spki_sha256 TEXT NOT NULL UNIQUE);
  CREATE TABLE begun (token TEXT NOT NULL, cka_id TEXT NOT NULL, PRIMARY KEY (token, cka_id)) WITHOUT ROWID;
  CREATE TABLE certificates (
    issuer INTEGER NOT NULL REFERENCES keys, serial BLOB NOT NULL, not_after INTEGER NOT NULL, spki BLOB NOT NULL, subject BLOB NOT NULL,
    tbs BLOB NOT NULL, PRIMARY KEY (issuer, serial)
  ) WITHOUT ROWID;
  CREATE INDEX certificates_spki ON certificates (spki);
  CREATE TABLE lists (
    issuer INTEGER NOT NULL REFERENCES keys, uri TEXT NOT NULL, number INTEGER NOT NULL, digest BLOB, this_update INTEGER NOT NULL,
    serials BLOB NOT NULL, PRIMARY KEY (issuer, uri)
  );
`;
const points = `
  CREATE TABLE points (issuer INTEGER NOT NULL REFERENCES keys, uri TEXT NOT NULL, PRIMARY KEY (issuer, uri)) WITHOUT ROWID;
`;
/** Each takes the file of the version before it one version on. */
const migrations: readonly string[] = [schema, points];

interface ListRow {
  readonly number: number;
  readonly digest: Buffer | null;
  readonly thisUpdate: number;
  readonly serials: Buffer;
}

/**
 * What the signer knows by itself of what it signed, so that it need not believe the station: serial numbers, keys and lists. Recorded before
 * each signature. Where it is gone its keys are unknown, and nothing is signed with them until an officer has decided.
 */
export class SignerMemory {
  readonly #db: Db;
  readonly #statements = new Map<string, Statement>();

  private constructor(db: Db) {
    this.#db = db;
  }

  /** Null: in memory alone. A file that is damaged is put aside beside it, and counts as none. */
  static open(path: string | null): SignerMemory {
    if (path === null) return new SignerMemory(prepare(new Database(':memory:')));
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    try {
      return new SignerMemory(fromFile(path));
    } catch (error) {
      if (!isDamage(error)) throw error;
      renameSync(path, `${path}.damaged-${String(Date.now())}`);
      for (const part of ['-wal', '-shm']) rmSync(`${path}${part}`, { force: true });
      return new SignerMemory(fromFile(path));
    }
  }

  close(): void {
    this.#db.close();
  }

  knows(spkiSha256: string): boolean {
    return this.#id(spkiSha256) !== null;
  }

  /** A key is about to be made under this id: one that is found there after a crash is ours. */
  begins(token: TokenRef, ckaId: string): void {
    this.#run('INSERT OR IGNORE INTO begun (token, cka_id) VALUES (?, ?)', tokenId(token), ckaId);
  }

  hasBegun(token: TokenRef, ckaId: string): boolean {
    return this.#sql('SELECT 1 FROM begun WHERE token = ? AND cka_id = ?').get(tokenId(token), ckaId) !== undefined;
  }

  add({ spkiSha256 }: KeyRef): void {
    this.#run('INSERT OR IGNORE INTO keys (spki_sha256) VALUES (?)', spkiSha256);
  }

  /**
   * The lists of a key are those that it had first: whoever could name another would begin at 1 there, with nothing in it, and each list of an
   * issuer with one counts for all of its certificates. SESSION_REFUSED.
   */
  mustBePoints({ spkiSha256 }: KeyRef, uris: readonly string[]): void {
    const issuer = this.#id(spkiSha256);
    if (issuer === null) return;
    const known = this.#sql('SELECT uri FROM points WHERE issuer = ? UNION SELECT uri FROM lists WHERE issuer = ?').pluck();
    const before = known.all(issuer, issuer) as string[];
    const complete = this.#sql('SELECT 1 FROM points WHERE issuer = ?').get(issuer) !== undefined;
    if (before.some((uri) => !uris.includes(uri)) || (complete && uris.some((uri) => !before.includes(uri))))
      throw refused(`the revocation lists of this key are others: ${before.join(', ')}`);
  }

  /** From now on these are its lists. */
  bindPoints(key: KeyRef, uris: readonly string[]): void {
    this.mustBePoints(key, uris);
    for (const uri of uris) this.#run('INSERT OR IGNORE INTO points (issuer, uri) VALUES (?, ?)', this.#known(key.spkiSha256), uri);
  }

  /** An officer lets the signer take somebody's word for a key that it does not know. */
  learn({ ckaId, spkiSha256 }: KeyRef, told: readonly ToldNumber[]): void {
    if (this.knows(spkiSha256)) return;
    this.#db.transaction(() => {
      this.add({ ckaId, spkiSha256 });
      for (const { uri, number } of told.filter((one) => one.ckaId === ckaId && one.number > 0))
        this.#run(
          'INSERT INTO lists (issuer, uri, number, digest, this_update, serials) VALUES (?, ?, ?, NULL, 0, ?)',
          this.#known(spkiSha256),
          uri,
          number,
          Buffer.alloc(0),
        );
    })();
  }

  /** SESSION_REFUSED for a serial number or a key that is in use. The same bytes once more are the same certificate. */
  certificate({ spkiSha256 }: KeyRef, { serial, notAfter, spki, subject, tbs }: RememberedCertificate): void {
    const issuer = this.#known(spkiSha256);
    const [key, holder, content] = [short(spki), short(subject), short(tbs)];
    const before = this.#sql('SELECT tbs FROM certificates WHERE issuer = ? AND serial = ?').get(issuer, serial) as
      { readonly tbs: Buffer } | undefined;
    if (before?.tbs.equals(content) === true) return;
    if (before !== undefined) throw refused('another certificate has this serial number');
    const other = this.#sql('SELECT 1 FROM certificates WHERE spki = ? AND subject <> ?').get(key, holder);
    if (other !== undefined) throw refused('this key has a certificate under another name');
    this.#run(
      'INSERT INTO certificates (issuer, serial, not_after, spki, subject, tbs) VALUES (?, ?, ?, ?, ?, ?)',
      issuer,
      serial,
      Math.floor(notAfter / 1000),
      key,
      holder,
      content,
    );
  }

  /**
   * SESSION_REFUSED for a list that is no successor of the last one with this URI. An entry leaves when the list before was made after its
   * certificate had ended; of a certificate that is not known that is when its issuer ends.
   */
  list({ spkiSha256 }: KeyRef, uri: string, issuerEnds: number, list: RememberedList): void {
    const issuer = this.#known(spkiSha256);
    const last = this.#sql('SELECT number, digest, this_update AS thisUpdate, serials FROM lists WHERE issuer = ? AND uri = ?').get(
      issuer,
      uri,
    ) as ListRow | undefined;
    if (last?.number === list.number && last.digest?.equals(list.digest) === true) return;
    if (last !== undefined && list.number <= last.number)
      throw refused(`the number ${String(list.number)} is not higher than the last one, ${String(last.number)}`);
    if (last !== undefined) this.#mustContain(issuer, last, list.serials, issuerEnds);
    this.#synced(() =>
      this.#run(
        `INSERT INTO lists (issuer, uri, number, digest, this_update, serials) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (issuer, uri) DO UPDATE SET number = excluded.number, digest = excluded.digest, this_update = excluded.this_update,
             serials = excluded.serials`,
        issuer,
        uri,
        list.number,
        list.digest,
        list.thisUpdate,
        list.serials.toBuffer(),
      ),
    );
  }

  #mustContain(issuer: number, last: ListRow, serials: SerialSet, issuerEnds: number): void {
    const ends = this.#sql('SELECT not_after AS end FROM certificates WHERE issuer = ? AND serial = ?');
    let lost: Uint8Array | null = null;
    eachSerial(last.serials, (at, length) => {
      if (lost !== null || serials.has(last.serials, at, length)) return;
      const serial = last.serials.subarray(at, at + length);
      const known = ends.get(issuer, serial) as { readonly end: number } | undefined;
      if ((known === undefined ? issuerEnds : known.end * 1000) >= last.thisUpdate) lost = serial;
    });
    if (lost !== null) throw refused(`the list lost the entry ${Buffer.from(lost).toString('hex')}, which has not expired`);
  }

  /** A list must survive a power failure; a certificate may be forgotten by one, since its serial number is random. */
  #synced(work: () => void): void {
    this.#db.pragma('synchronous = FULL');
    try {
      work();
    } finally {
      this.#db.pragma('synchronous = NORMAL');
    }
  }

  #id(spkiSha256: string): number | null {
    const row = this.#sql('SELECT id FROM keys WHERE spki_sha256 = ?').get(spkiSha256) as { readonly id: number } | undefined;
    return row?.id ?? null;
  }

  #known(spkiSha256: string): number {
    const id = this.#id(spkiSha256);
    if (id === null) throw refused('the signer does not know this key');
    return id;
  }

  #sql(sql: string): Statement {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  #run(sql: string, ...values: readonly unknown[]): void {
    try {
      this.#sql(sql).run(...values);
    } catch (error) {
      throw systemFailure(error, this.#db.name) ?? error;
    }
  }
}

const short = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest().subarray(0, 16);
const tokenId = ({ label, serial }: TokenRef): string => `${serial}\0${label}`;

function fromFile(path: string): Db {
  const db = new Database(path);
  try {
    chmodSync(path, 0o600);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    const check = db.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw new Damaged(String(check));
    return prepare(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: Db): Db {
  const found = db.pragma('user_version', { simple: true }) as number;
  if (found > migrations.length) throw new Failure('DATA_TOO_NEW', { found, known: migrations.length });
  if (found < migrations.length)
    db.transaction(() => {
      for (const step of migrations.slice(found)) db.exec(step);
      db.pragma(`user_version = ${String(migrations.length)}`);
    })();
  return db;
}

class Damaged extends Error {}
const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
const isDamage = (error: unknown): boolean => error instanceof Damaged || /^SQLITE_(?:CORRUPT|NOTADB)/u.test(codeOf(error));
