import { FailureData, RecordsHost, type RecordsProblem } from '../../contract/index.ts';
import type { Store } from './store.ts';

export type RecordKind = 'device' | 'certificate' | 'crl' | 'alert' | 'request' | 'audit';

/** A stretch of the log: rows after `from`, up to and including `upTo`. */
export interface Stretch {
  readonly from: number;
  readonly upTo: number;
}

export interface DeviceRecord {
  readonly device: string;
  readonly hardwareId: string | null;
  readonly model: string;
  readonly state: string;
  readonly proofLevel: string | null;
  readonly createdAt: string;
}

export interface CertificateRecordRow {
  readonly serial: string;
  /** Key identifier of the issuer. */
  readonly issuer: string;
  readonly use: string;
  readonly device: string;
  readonly fingerprint: string | null;
  readonly der: Buffer | null;
  readonly status: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly revokedAt: string | null;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface PublishedCrl {
  readonly issuer: string;
  readonly partition: number;
  readonly number: number;
  readonly sha256: string;
  readonly entries: number;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly publishedAt: string;
}

/** A notice that a certificate comes to its end. */
export interface AlertRecord {
  readonly serial: string;
  readonly use: string;
  readonly device: string;
  readonly fingerprint: string;
  readonly days: number;
  readonly notAfter: string;
  readonly at: string;
}

export interface SetAside {
  readonly kind: RecordKind;
  readonly key: string;
  readonly failure: FailureData;
}

export interface Checkpoint {
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
}

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

  hosts(): { readonly name: string; readonly at: RecordsHost; readonly sentAt: string | null }[] {
    return this.#store
      .sql('SELECT name, at, sent_at AS sentAt FROM records_hosts ORDER BY name')
      .all()
      .map(({ name, at, sentAt }) => ({
        name: String(name),
        at: RecordsHost.parse(JSON.parse(String(at))),
        sentAt: sentAt as string | null,
      }));
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
    const row = this.#store.sql('SELECT connected_by AS actor FROM records_hosts WHERE name = ?').get(name);
    return (row as { actor: string } | undefined)?.actor ?? '';
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
    const row = this.#store.sql('SELECT created_at AS oldest FROM records_log WHERE id > ? ORDER BY id LIMIT 1').get(from);
    return { waiting: upTo - from, oldest: (row?.['oldest'] ?? null) as string | null };
  }

  /** The next rows of the log after `from` (default: after what was sent); null when there are none. */
  next(name: string, limit: number, from = this.#sent(name)): Stretch | null {
    const row = this.#store
      .sql('SELECT max(id) AS upTo FROM (SELECT id FROM records_log WHERE id > ? ORDER BY id LIMIT ?)')
      .get(from, limit);
    return row?.['upTo'] === null ? null : { from, upTo: Number(row?.['upTo']) };
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
  only({ upTo }: Stretch): { readonly kind: RecordKind; readonly key: string } {
    return this.#store.sql('SELECT kind, key FROM records_log WHERE id = ?').get(upTo) as { kind: RecordKind; key: string };
  }

  devices({ from, upTo }: Stretch): DeviceRecord[] {
    return this.#store
      .sql(
        `SELECT device, hardware_id AS hardwareId, model, state, proof_level AS proofLevel, created_at AS createdAt
           FROM devices WHERE device IN ${changed('device')}`,
      )
      .all(from, upTo) as unknown as DeviceRecord[];
  }

  certificates({ from, upTo }: Stretch): CertificateRecordRow[] {
    return this.#store
      .sql(
        `SELECT ${certificateColumns} FROM certificates c JOIN issuers i ON i.id = c.issuer LEFT JOIN revocations r ON r.serial = c.serial
           WHERE c.serial IN ${changed('certificate')} AND c.status <> 'RESERVED'`,
      )
      .all(from, upTo) as unknown as CertificateRecordRow[];
  }

  /** What else changed in it, each key once. */
  keys({ from, upTo }: Stretch, kind: RecordKind): string[] {
    return this.#store
      .sql('SELECT key FROM records_log WHERE id > ? AND id <= ? AND kind = ? GROUP BY key ORDER BY min(id)')
      .all(from, upTo, kind)
      .map(({ key }) => String(key));
  }

  /** The newest list that is out, by `{issuer}/{partition}`. */
  crl(key: string): PublishedCrl | null {
    const row = this.#store
      .sql(
        `SELECT i.key_id AS issuer, c.partition, c.number, c.sha256, c.entries, c.this_update AS thisUpdate, c.next_update AS nextUpdate,
             c.published_at AS publishedAt
           FROM crls c JOIN issuers i ON i.id = c.issuer
           WHERE c.issuer = ? AND c.partition = ? AND c.published_at IS NOT NULL ORDER BY c.number DESC LIMIT 1`,
      )
      .get(...splitKey(key));
    return (row ?? null) as PublishedCrl | null;
  }

  /** By `{serial}/{days}`. */
  alert(key: string): AlertRecord | null {
    const row = this.#store
      .sql(
        `SELECT n.serial, c.use, c.device, c.fingerprint, n.days, c.not_after AS notAfter, n.at FROM notices n JOIN certificates c ON c.serial = n.serial
           WHERE n.serial = ? AND n.days = ?`,
      )
      .get(...splitKey(key));
    return (row ?? null) as AlertRecord | null;
  }

  /** A line of the audit log. */
  checkpointAt(seq: number): Checkpoint | null {
    return (this.#store.sql('SELECT seq, hash, at FROM audit WHERE seq = ?').get(seq) ?? null) as Checkpoint | null;
  }

  /** The audit log's end is to be recorded, where it has grown since the last time. */
  checkpoint(): void {
    this.#store.transaction(() => this.#checkpoint());
  }

  /** A page of what a central database should have of an issuer, by its key identifier: in the order of serial numbers, after this one. */
  certificatesAfter(issuer: string, serial: string, limit: number): { serial: string; status: string }[] {
    return this.#store
      .sql(
        `SELECT serial, status FROM certificates
           WHERE serial > ? AND status <> 'RESERVED' AND issuer IN (SELECT id FROM issuers WHERE key_id = ?) ORDER BY serial LIMIT ?`,
      )
      .all(serial, issuer, limit) as { serial: string; status: string }[];
  }

  /** The newest of each list that is out. */
  publishedCrls(): PublishedCrl[] {
    return this.#store
      .sql('SELECT DISTINCT issuer, partition FROM crls WHERE published_at IS NOT NULL')
      .all()
      .map(({ issuer, partition }) => this.crl(`${String(issuer)}/${String(partition)}`))
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
    return Number(this.#store.sql('SELECT count(*) AS n FROM records_problems WHERE host = ?').get(host)?.['n'] ?? 0);
  }

  /** Oldest first, of all databases. */
  problems({ limit, offset }: { limit: number; offset: number }): { total: number; rows: RecordsProblem[] } {
    const total = Number(this.#store.sql('SELECT count(*) AS n FROM records_problems').get()?.['n'] ?? 0);
    const rows = this.#store
      .sql('SELECT host, kind, key, failure, at FROM records_problems ORDER BY at, host, kind, key LIMIT ? OFFSET ?')
      .all(limit, offset);
    return {
      total,
      rows: rows.map((row) => ({ ...(row as unknown as RecordsProblem), failure: FailureData.parse(JSON.parse(String(row['failure']))) })),
    };
  }

  /** Ids of requests of ours that nobody has answered. */
  openRequests(): string[] {
    return this.#store
      .sql(`SELECT id FROM revocation_requests WHERE direction = 'sent' AND state = 'REQUESTED'`)
      .all()
      .map(({ id }) => String(id));
  }

  #checkpoint(): void {
    const { seq } = this.#store.auditHead();
    if (seq <= Number(this.#store.setting(checkpointSetting) ?? '0')) return;
    this.#store.setSetting(checkpointSetting, String(seq));
    this.#store.recorded('audit', String(seq));
  }

  #sent(name: string): number {
    return Number(this.#store.sql('SELECT sent FROM records_hosts WHERE name = ?').get(name)?.['sent'] ?? 0);
  }

  /** The log's numbers are never used twice, and have no gaps. */
  #last(): number {
    return Number(this.#store.sql(`SELECT seq FROM sqlite_sequence WHERE name = 'records_log'`).get()?.['seq'] ?? 0);
  }

  #prune(): void {
    this.#store.sql('DELETE FROM records_log WHERE id <= (SELECT coalesce(min(sent), 9e18) FROM records_hosts)').run();
  }
}
