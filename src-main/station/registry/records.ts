import { z } from 'zod';
import { DeviceFields, FailureData, RecordsHost, RecordsProblem } from '../../contract/index.ts';
import { pageOf, type Page, type PageRequest } from './pages.ts';
import { bytes, json } from './rows.ts';
import type { Store } from './store.ts';

const RecordKind = z.enum(['device', 'certificate', 'crl', 'alert', 'request', 'audit']);
export type RecordKind = z.output<typeof RecordKind>;

/** A stretch of the log: rows after `from`, up to and including `upTo`. */
export interface Stretch {
  readonly from: number;
  readonly upTo: number;
}

const DeviceRecord = z.object({
  device: z.string(),
  hardwareId: z.string().nullable(),
  model: z.string(),
  fields: json(DeviceFields),
  state: z.string(),
  proofLevel: z.string().nullable(),
  createdAt: z.string(),
});
export type DeviceRecord = Readonly<z.output<typeof DeviceRecord>>;

const CertificateRecordRow = z.object({
  serial: z.string(),
  /** Key identifier of the issuer. */
  issuer: z.string(),
  use: z.string(),
  device: z.string(),
  fingerprint: z.string().nullable(),
  der: bytes.nullable(),
  status: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  revokedAt: z.string().nullable(),
  reason: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type CertificateRecordRow = Readonly<z.output<typeof CertificateRecordRow>>;

const PublishedCrl = z.object({
  issuer: z.string(),
  partition: z.int(),
  number: z.int(),
  sha256: z.string(),
  entries: z.int(),
  thisUpdate: z.string(),
  nextUpdate: z.string(),
  publishedAt: z.string(),
});
export type PublishedCrl = Readonly<z.output<typeof PublishedCrl>>;

/** A notice that a certificate comes to its end. */
const AlertRecord = z.object({
  serial: z.string(),
  use: z.string(),
  device: z.string(),
  fingerprint: z.string(),
  days: z.int(),
  notAfter: z.string(),
  at: z.string(),
});
export type AlertRecord = Readonly<z.output<typeof AlertRecord>>;

export interface SetAside {
  readonly kind: RecordKind;
  readonly key: string;
  readonly failure: FailureData;
}

const Checkpoint = z.object({ seq: z.int(), hash: z.string(), at: z.string() });
export type Checkpoint = Readonly<z.output<typeof Checkpoint>>;

const HostRow = z.object({ name: z.string(), at: json(RecordsHost), sentAt: z.string().nullable() });
const ProblemRow = RecordsProblem.extend({ failure: json(FailureData) });
const LogRow = z.object({ kind: RecordKind, key: z.string() });
const ListScope = z.object({ issuer: z.string(), partition: z.int() });
const StatusRow = z.object({ serial: z.string(), status: z.string() });

const certificateColumns = `c.serial, i.key_id AS issuer, c.use, c.device, c.fingerprint, c.der, c.status, c.not_before AS notBefore, c.not_after AS notAfter,
  r.recorded_at AS revokedAt, r.reason, c.created_at AS createdAt, c.updated_at AS updatedAt`;
const changed = (kind: RecordKind): string => `(SELECT key FROM records_log WHERE id > ? AND id <= ? AND kind = '${kind}')`;
const splitKey = (key: string): [string, number] => [key.slice(0, key.lastIndexOf('/')), Number(key.slice(key.lastIndexOf('/') + 1))];
const checkpointSetting = 'records.checkpoint';

/** Which central databases this station writes to, and what each of them is still owed. */
export class Records {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  hosts(): z.output<typeof HostRow>[] {
    return this.#store.query(HostRow, 'SELECT name, at, sent_at AS sentAt FROM records_hosts ORDER BY name').all();
  }

  /** From now on, all that is here is owed to this database, too. One that is known by this name gets everything again, which changes nothing there. */
  use(name: string, at: RecordsHost, actor: string): void {
    this.#store.transaction(() => {
      const now = this.#store.now();
      const log = (select: string): void => {
        this.#store.sql(`INSERT INTO records_log (kind, key, created_at) ${select}`).run(now);
      };
      this.#store
        .sql(
          `INSERT INTO records_hosts (name, at, sent, connected_by) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET at = excluded.at, sent = excluded.sent, connected_by = excluded.connected_by`,
        )
        .run(name, JSON.stringify(at), this.#last(), actor);
      this.#store.sql('DELETE FROM records_problems WHERE host = ?').run(name);
      log(`SELECT 'device', device, ? FROM devices ORDER BY rowid`);
      log(`SELECT 'certificate', serial, ? FROM certificates WHERE status <> 'RESERVED' ORDER BY rowid`);
      log(`SELECT DISTINCT 'crl', issuer || '/' || partition, ? FROM crls WHERE published_at IS NOT NULL`);
      log(`SELECT 'alert', serial || '/' || days, ? FROM notices ORDER BY at`);
      log(`SELECT 'request', id, ? FROM revocation_requests ORDER BY rowid`);
      this.#store.audit(actor, 'records.use', name, { ...at, caPem: at.caPem === null ? null : 'its own' });
      this.#checkpoint();
    });
  }

  /** What comes from this database is taken in on the word of whoever connected it. */
  connectedBy(name: string): string {
    return this.#store.values(z.string(), 'SELECT connected_by FROM records_hosts WHERE name = ?').get(name) ?? '';
  }

  /** NOT_FOUND is the caller's: tells whether it was there. What it was owed is dropped. */
  forget(name: string, actor: string): boolean {
    return this.#store.transaction(() => {
      const { changes } = this.#store.sql('DELETE FROM records_hosts WHERE name = ?').run(name);
      if (changes === 0) return false;
      this.#store.audit(actor, 'records.forget', name);
      this.#prune();
      return true;
    });
  }

  /** Rows that wait for this database, and since when the oldest does. */
  waiting(name: string): { readonly waiting: number; readonly oldest: string | null } {
    const { from, upTo } = { from: this.#sent(name), upTo: this.#last() };
    const oldest = this.#store.values(z.string(), 'SELECT created_at FROM records_log WHERE id > ? ORDER BY id LIMIT 1').get(from);
    return { waiting: upTo - from, oldest };
  }

  /** The next rows of the log after `from` (default: after what was sent); null when there are none. */
  next(name: string, limit: number, from = this.#sent(name)): Stretch | null {
    const upTo = this.#store
      .values(z.int().nullable(), 'SELECT max(id) FROM (SELECT id FROM records_log WHERE id > ? ORDER BY id LIMIT ?)')
      .one(from, limit);
    return upTo === null ? null : { from, upTo };
  }

  /** Recorded there, but for what the database has otherwise or did not take: that stays told until the same record is sent without. */
  sent(name: string, { from, upTo }: Stretch, problems: readonly SetAside[] = []): void {
    this.#store.transaction(() => {
      this.#store.sql('UPDATE records_hosts SET sent = max(sent, ?), sent_at = ? WHERE name = ?').run(upTo, this.#store.now(), name);
      if (this.countProblems(name) > 0)
        this.#store
          .sql(
            'DELETE FROM records_problems WHERE host = ? AND (kind, key) IN (SELECT kind, key FROM records_log WHERE id > ? AND id <= ?)',
          )
          .run(name, from, upTo);
      for (const { kind, key, failure } of problems) this.setAside(name, kind, key, failure);
      this.#prune();
    });
  }

  /** The one change of a stretch of one row. */
  only({ upTo }: Stretch): z.output<typeof LogRow> {
    return this.#store.query(LogRow, 'SELECT kind, key FROM records_log WHERE id = ?').one(upTo);
  }

  devices({ from, upTo }: Stretch): DeviceRecord[] {
    return this.#store
      .query(
        DeviceRecord,
        `SELECT device, hardware_id AS hardwareId, model, fields, state, proof_level AS proofLevel, created_at AS createdAt
           FROM devices WHERE device IN ${changed('device')}`,
      )
      .all(from, upTo);
  }

  certificates({ from, upTo }: Stretch): CertificateRecordRow[] {
    return this.#store
      .query(
        CertificateRecordRow,
        `SELECT ${certificateColumns} FROM certificates c JOIN issuers i ON i.id = c.issuer LEFT JOIN revocations r ON r.serial = c.serial
           WHERE c.serial IN ${changed('certificate')} AND c.status <> 'RESERVED'`,
      )
      .all(from, upTo);
  }

  /** What else changed in it, each key once. */
  keys({ from, upTo }: Stretch, kind: RecordKind): string[] {
    return this.#store
      .values(z.string(), 'SELECT key FROM records_log WHERE id > ? AND id <= ? AND kind = ? GROUP BY key ORDER BY min(id)')
      .all(from, upTo, kind);
  }

  /** The newest list that is out, by `{issuer}/{partition}`. */
  crl(key: string): PublishedCrl | null {
    return this.#store
      .query(
        PublishedCrl,
        `SELECT i.key_id AS issuer, c.partition, c.number, c.sha256, c.entries, c.this_update AS thisUpdate, c.next_update AS nextUpdate,
             c.published_at AS publishedAt
           FROM crls c JOIN issuers i ON i.id = c.issuer
           WHERE c.issuer = ? AND c.partition = ? AND c.published_at IS NOT NULL ORDER BY c.number DESC LIMIT 1`,
      )
      .get(...splitKey(key));
  }

  /** By `{serial}/{days}`. */
  alert(key: string): AlertRecord | null {
    return this.#store
      .query(
        AlertRecord,
        `SELECT n.serial, c.use, c.device, c.fingerprint, n.days, c.not_after AS notAfter, n.at FROM notices n JOIN certificates c ON c.serial = n.serial
           WHERE n.serial = ? AND n.days = ?`,
      )
      .get(...splitKey(key));
  }

  /** A line of the audit log. */
  checkpointAt(seq: number): Checkpoint | null {
    return this.#store.query(Checkpoint, 'SELECT seq, hash, at FROM audit WHERE seq = ?').get(seq);
  }

  /** The audit log's end is to be recorded, where it has grown since the last time. */
  checkpoint(): void {
    this.#store.transaction(() => this.#checkpoint());
  }

  /** A page of what a central database should have of an issuer, by its key identifier: in the order of serial numbers, after this one. */
  certificatesAfter(issuer: string, serial: string, limit: number): { serial: string; status: string }[] {
    return this.#store
      .query(
        StatusRow,
        `SELECT serial, status FROM certificates
           WHERE serial > ? AND status <> 'RESERVED' AND issuer IN (SELECT id FROM issuers WHERE key_id = ?) ORDER BY serial LIMIT ?`,
      )
      .all(serial, issuer, limit);
  }

  /** The newest of each list that is out. */
  publishedCrls(): PublishedCrl[] {
    return this.#store
      .query(ListScope, 'SELECT DISTINCT issuer, partition FROM crls WHERE published_at IS NOT NULL')
      .all()
      .map(({ issuer, partition }) => this.crl(`${issuer}/${String(partition)}`))
      .filter((crl) => crl !== null);
  }

  /** What one of them did not take, or has otherwise. */
  setAside(host: string, kind: RecordKind, key: string, failure: FailureData): void {
    this.#store
      .sql(
        `INSERT INTO records_problems (host, kind, key, failure, at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (host, kind, key) DO UPDATE SET failure = excluded.failure`,
      )
      .run(host, kind, key, JSON.stringify(failure), this.#store.now());
  }

  countProblems(host: string): number {
    return this.#store.values(z.int(), 'SELECT count(*) FROM records_problems WHERE host = ?').one(host);
  }

  /** What this database did not take for this reason and may take now is owed to it again; of one tenant only, where one is named. */
  again(host: string, code: FailureData['code'], tenant = ''): void {
    this.#store.transaction(() => {
      const these = `host = ? AND json_extract(failure, '$.code') = ? AND ? IN ('', json_extract(failure, '$.params.tenant'))`;
      this.#store
        .sql(`INSERT INTO records_log (kind, key, created_at) SELECT kind, key, ? FROM records_problems WHERE ${these} ORDER BY at`)
        .run(this.#store.now(), host, code, tenant);
      this.#store.sql(`DELETE FROM records_problems WHERE ${these}`).run(host, code, tenant);
    });
  }

  /** Oldest first, of all databases. */
  problems(page: PageRequest): Page<RecordsProblem> {
    const list = {
      shape: ProblemRow,
      columns: 'host, kind, key, failure, at',
      from: 'records_problems',
      where: '1',
      by: ['at', 'host', 'kind', 'key'],
      order: 'ASC',
      key: (row: RecordsProblem) => [row.at, row.host, row.kind, row.key],
    } as const;
    return pageOf(this.#store, list, [], page);
  }

  /** Ids of requests of ours that nobody has answered. */
  openRequests(): string[] {
    return this.#store.values(z.string(), `SELECT id FROM revocation_requests WHERE direction = 'sent' AND state = 'REQUESTED'`).all();
  }

  #checkpoint(): void {
    const { seq } = this.#store.auditHead();
    if (seq <= Number(this.#store.setting(checkpointSetting) ?? '0')) return;
    this.#store.setSetting(checkpointSetting, String(seq));
    this.#store.recorded('audit', String(seq));
  }

  #sent(name: string): number {
    return this.#store.values(z.int(), 'SELECT sent FROM records_hosts WHERE name = ?').get(name) ?? 0;
  }

  /** The log's numbers are never used twice, and have no gaps. */
  #last(): number {
    return this.#store.values(z.int(), `SELECT seq FROM sqlite_sequence WHERE name = 'records_log'`).get() ?? 0;
  }

  #prune(): void {
    this.#store.sql('DELETE FROM records_log WHERE id <= (SELECT coalesce(min(sent), 9e18) FROM records_hosts)').run();
  }
}
