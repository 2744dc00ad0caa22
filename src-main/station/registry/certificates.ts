import { z } from 'zod';
import {
  AttestationRecord,
  CertificateRow,
  CertificateStatus,
  ExpiringCertificate,
  keyMakers,
  RotationView,
  unwrap,
  type CertificateUse,
  type RevocationReason,
  type Selector,
} from '../../contract/index.ts';
import type { Revocations } from './revocations.ts';
import { pageOf, type Page, type PageRequest } from './pages.ts';
import { bytes, flag, json } from './rows.ts';
import { contains, statusNow, type Store } from './store.ts';

const dayMs = 86_400_000;

export interface Reservation {
  readonly serial: string;
  readonly issuer: string;
  /** Of the issuer's CRL, as its distribution point says. */
  readonly partition: number;
  readonly use: CertificateUse;
  /** `{tenant}/{device}`, or the common name of a canary or service certificate. */
  readonly device: string;
  readonly run: string | null;
  readonly order: string | null;
  readonly spkiSha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** The certificate that it is to take over from. */
  readonly replaces?: string | null;
  /** Of a device; `station` when it has none of its own. */
  readonly keyMadeBy?: 'device' | 'station';
  /** What the device proved about its key. */
  readonly attestation?: AttestationRecord | null;
}

/** A certificate, and on whose word it was issued. */
const IssuedBy = z.object({ serial: z.string(), actor: z.string() });
export type IssuedBy = Readonly<z.output<typeof IssuedBy>>;

export interface CertificateFilter extends PageRequest {
  readonly search: string;
  readonly status?: CertificateStatus | null | undefined;
  readonly use?: CertificateUse | null | undefined;
}

const CertificateRecord = CertificateRow.extend({
  der: bytes.nullable(),
  spkiSha256: z.string(),
  keyMadeBy: z.enum(keyMakers),
  attestation: json(AttestationRecord).nullable(),
});
export type CertificateRecord = z.output<typeof CertificateRecord>;

const CertificateCount = z.object({
  issuer: z.string(),
  /** As recorded. */
  status: CertificateStatus.exclude(['EXPIRED']),
  ended: flag,
  n: z.int(),
});
type CertificateCount = z.output<typeof CertificateCount>;

const SignedRow = CertificateRow.extend({ der: bytes });
const Rotation = RotationView.extend({ endsWhenSeen: flag });
const Expiring = ExpiringCertificate.omit({ daysLeft: true });
const WithDer = z.object({ device: z.string(), serial: z.string(), der: bytes });

const columns = `c.serial, c.fingerprint, c.use, c.device, c.issuer, ${statusNow} AS status, c.not_before AS notBefore, c.not_after AS notAfter,
  r.recorded_at AS revokedAt, r.reason, c.order_id AS "order", c.replaces, c.grace_until AS graceUntil, c.created_at AS createdAt`;
const rotating = `certificates old JOIN certificates new ON new.replaces = old.serial AND new.status IN ('ACTIVE','ROTATING')`;
/** Those that end by the clock; in the words of their index. */
const endsByClock = `status IN ('RESERVED','SIGNED','ACTIVE','ROTATING')`;
const source = 'certificates c LEFT JOIN revocations r ON r.serial = c.serial';

/** Certificates and their one-way status; each change is one transaction with its audit line and its outbox row. */
export class Certificates {
  readonly #store: Store;
  readonly #revocations: Revocations;
  #hear: (serials: readonly string[]) => void = () => undefined;
  readonly #tell = (serials: readonly string[]): void => this.#hear(serials);

  constructor(store: Store, revocations: Revocations) {
    this.#store = store;
    this.#revocations = revocations;
  }

  /** Before the HSM is asked to sign: from here on a signature of unknown outcome has a record. */
  reserve(reservation: Reservation, actor: string): void {
    const {
      serial,
      issuer,
      partition,
      use,
      device,
      run,
      order,
      spkiSha256,
      notBefore,
      notAfter,
      replaces = null,
      keyMadeBy = 'device',
      attestation = null,
    } = reservation;
    this.#store.transaction(() => {
      const now = this.#store.now();
      this.#store
        .sql(
          `INSERT INTO certificates (serial, issuer, partition, use, device, run, order_id, status, spki_sha256, not_before, not_after, replaces, key_made_by, attestation, actor, created_at, updated_at)
              VALUES (?, ?, ?, ?, ?, ?, ?, 'RESERVED', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          serial,
          issuer,
          partition,
          use,
          device,
          run,
          order,
          spkiSha256,
          notBefore,
          notAfter,
          replaces,
          keyMadeBy,
          attestation === null ? null : JSON.stringify(attestation),
          actor,
          now,
          now,
        );
      if (run !== null) this.#store.sql('UPDATE runs SET serial = ? WHERE id = ?').run(serial, run);
      this.#store.audit(actor, 'certificate.reserve', device, { serial, issuer, ...(use === 'device' ? { keyMadeBy, attestation } : {}) });
    });
  }

  signed(serial: string, der: Uint8Array, fingerprint: string, actor: string): void {
    this.#store.transaction(() => {
      this.#store
        .sql(`UPDATE certificates SET status = 'SIGNED', der = ?, fingerprint = ?, updated_at = ? WHERE serial = ?`)
        .run(der, fingerprint, this.#store.now(), serial);
      this.#store.audit(actor, 'certificate.sign', serial, { fingerprint });
      this.#store.owe('certificate', serial);
    });
  }

  activate(serial: string, actor: string): void {
    this.#store.transaction(() => {
      this.#store.sql(`UPDATE certificates SET status = 'ACTIVE', updated_at = ? WHERE serial = ?`).run(this.#store.now(), serial);
      this.#store.audit(actor, 'certificate.activate', serial);
      this.#store.owe('certificate', serial);
      this.#store.afterCommit(this.#tell, serial);
    });
  }

  /** Hears which certificates each transaction has brought into force, once it is durable. */
  listen(hear: (serials: readonly string[]) => void): void {
    this.#hear = hear;
  }

  /** From ACTIVE: good until `graceUntil` beside the one that takes over, or until that is seen. */
  rotate(serial: string, { graceUntil, endWhenSeen }: { graceUntil: string; endWhenSeen: boolean }, actor: string): void {
    this.#store.transaction(() => {
      const { changes } = this.#store
        .sql(
          `UPDATE certificates SET status = 'ROTATING', grace_until = ?, ends_when_seen = ?, updated_at = ? WHERE serial = ? AND status = 'ACTIVE'`,
        )
        .run(graceUntil, endWhenSeen ? 1 : 0, this.#store.now(), serial);
      if (changes !== 1) throw new Error(`certificate ${serial} is not ACTIVE`);
      this.#store.audit(actor, 'certificate.rotate', serial, { graceUntil, endWhenSeen });
      this.#store.owe('certificate', serial);
    });
  }

  /** Certificates that are being replaced by one in force, the soonest end first. */
  rotations({ device = null, ...page }: PageRequest & { device?: string | null }): Page<RotationView> {
    const list = {
      shape: Rotation,
      columns:
        'old.device, old.serial, new.serial AS successor, old.grace_until AS graceUntil, old.ends_when_seen AS endsWhenSeen, new.seen_at AS seenAt',
      from: rotating,
      where: `old.status = 'ROTATING' AND old.not_after >= clock_now() AND (? IS NULL OR old.device = ?)`,
      by: ['old.grace_until', 'old.serial', 'new.serial'],
      order: 'ASC',
      key: (row: RotationView) => [row.graceUntil, row.serial, row.successor],
    } as const;
    return pageOf(this.#store, list, [device, device], page);
  }

  /** Its device proved that it uses it; tells whether that is news. */
  seen(serial: string, actor: string): boolean {
    return this.#store.transaction(() => {
      const { changes } = this.#store
        .sql('UPDATE certificates SET seen_at = ? WHERE serial = ? AND seen_at IS NULL')
        .run(this.#store.now(), serial);
      if (changes === 0) return false;
      this.#store.audit(actor, 'certificate.seen', serial);
      this.#store.owe('certificate', serial);
      return true;
    });
  }

  /** Whose grace period is over, with whoever began it: the successor was issued on that word. */
  graceOver(): IssuedBy[] {
    return this.#issuedBy(
      `SELECT c.serial, coalesce((SELECT new.actor FROM certificates new WHERE new.replaces = c.serial ORDER BY new.rowid DESC LIMIT 1), c.actor) AS actor
         FROM certificates c WHERE c.status = 'ROTATING' AND c.not_after >= clock_now() AND c.grace_until <= ?`,
      this.#store.now(),
    );
  }

  /** What was signed, or may have been, outside of a run, and never came into force. */
  unfinished(use: CertificateUse): IssuedBy[] {
    return this.#issuedBy(`SELECT serial, actor FROM certificates WHERE status IN ('RESERVED','SIGNED') AND run IS NULL AND use = ?`, use);
  }

  #issuedBy(sql: string, value: string): IssuedBy[] {
    return this.#store.query(IssuedBy, sql).all(value);
  }

  /**
   * Final; tells whether it was revoked now. One that has expired is revoked as well: a clock that was ahead may be set back, and what
   * was ended must not be in force again.
   */
  revoke(serial: string, reason: RevocationReason, note: string, actor: string): boolean {
    return this.#store.transaction(() => {
      const status = this.#store.values(CertificateStatus, 'SELECT status FROM certificates WHERE serial = ?').one(serial);
      if (status === 'REVOKED') return false;
      const now = this.#store.now();
      this.#store.sql(`UPDATE certificates SET status = 'REVOKED', updated_at = ? WHERE serial = ?`).run(now, serial);
      this.#store
        .sql(
          `INSERT INTO revocations (serial, issuer, partition, not_after, reason, note, operator, recorded_at)
              SELECT serial, issuer, partition, not_after, ?, ?, ?, ? FROM certificates WHERE serial = ?`,
        )
        .run(reason, note, actor, now, serial);
      this.#store.audit(actor, 'certificate.revoke', serial, { reason, note });
      this.#revocations.recorded(serial);
      return true;
    });
  }

  /** How many have their end from `from` on and before `to`. */
  countEnds(from: string, to: string): number {
    return this.#store
      .values(z.int(), `SELECT count(*) FROM certificates WHERE ${endsByClock} AND not_after >= ? AND not_after < ?`)
      .one(from, to);
  }

  /** Newest first. */
  list({ search, status = null, use = null, ...page }: CertificateFilter): Page<CertificateRow> {
    const like = contains(search);
    const list = {
      shape: CertificateRow,
      columns,
      from: source,
      where: `(? = '%%' OR c.device LIKE ? ESCAPE '\\' OR c.serial LIKE ? ESCAPE '\\' OR c.fingerprint LIKE ? ESCAPE '\\')
        AND (? IS NULL OR ${statusNow} = ?) AND (? IS NULL OR c.use = ?)`,
      by: ['c.created_at', 'c.serial'],
      order: 'DESC',
      key: (row: CertificateRow) => [row.createdAt, row.serial],
    } as const;
    return pageOf(this.#store, list, [like, like, like, like, status, status, use, use], page);
  }

  /**
   * Certificates of devices and brokers in force that end within `days`, the soonest first. One that is
   * being replaced is not among them.
   */
  expiring({ days, ...page }: PageRequest & { days: number }): Page<ExpiringCertificate> {
    const now = this.#store.clock.now();
    const list = {
      shape: Expiring,
      columns: `c.serial, c.use, c.device, c.not_after AS notAfter, (SELECT max(published_at) FROM notices WHERE serial = c.serial) AS toldAt`,
      from: 'certificates c',
      where: `c.status = 'ACTIVE' AND c.use IN ('device','server') AND c.not_after > ? AND c.not_after <= ?`,
      by: ['c.not_after', 'c.serial'],
      order: 'ASC',
      key: (row: z.output<typeof Expiring>) => [row.notAfter, row.serial],
    } as const;
    const { rows, ...rest } = pageOf(this.#store, list, [this.#store.now(), new Date(now + days * dayMs).toISOString()], page);
    return { ...rest, rows: rows.map((row) => ({ ...row, daysLeft: Math.floor((Date.parse(row.notAfter) - now) / dayMs) })) };
  }

  get(serial: string): CertificateRecord | null {
    return this.#store
      .query(
        CertificateRecord,
        `SELECT ${columns}, c.der, c.spki_sha256 AS spkiSha256, c.key_made_by AS keyMadeBy, c.attestation FROM ${source} WHERE c.serial = ?`,
      )
      .get(serial);
  }

  /** What a selector means right now, newest first; revoked and expired ones included. */
  select(selector: Selector): CertificateRow[] {
    const [column, value] = unwrap(
      Object.entries(selector).find((one): one is [string, string] => one[1] !== undefined),
      'a selector has one field',
    );
    const name = { device: 'device', serial: 'serial', fingerprint: 'fingerprint' }[column as keyof Selector];
    return this.#rows(`c.${name} = ? AND c.use IN ('device','server')`, [value]);
  }

  /** Device certificates of a work order, newest first. */
  ofOrder(order: string): CertificateRow[] {
    return this.#rows(`c.order_id = ? AND c.use = 'device'`, [order]);
  }

  /** Device certificates recorded from `from` on and before `to`, newest first. */
  issuedBetween(from: string, to: string): CertificateRow[] {
    return this.#rows(`c.created_at >= ? AND c.created_at < ? AND c.use = 'device'`, [from, to]);
  }

  #rows(where: string, values: readonly string[]): CertificateRow[] {
    return this.#store
      .query(CertificateRow, `SELECT ${columns} FROM ${source} WHERE ${where} ORDER BY c.created_at DESC, c.serial`)
      .all(...values);
  }

  ofUse(use: CertificateUse): (CertificateRow & { der: Buffer }) | null {
    return this.#store
      .query(SignedRow, `SELECT ${columns}, c.der FROM ${source} WHERE c.use = ? AND c.der IS NOT NULL ORDER BY c.rowid DESC LIMIT 1`)
      .get(use);
  }

  countByStatus(issuer: string): Record<CertificateStatus, number> {
    const counts: Record<CertificateStatus, number> = { RESERVED: 0, SIGNED: 0, ACTIVE: 0, ROTATING: 0, EXPIRED: 0, REVOKED: 0 };
    for (const one of this.#counts())
      if (one.issuer === issuer) counts[one.ended && one.status !== 'REVOKED' ? 'EXPIRED' : one.status] += one.n;
    return counts;
  }

  /** CN of every device that may be on the broker: one with a certificate that is SIGNED (being proven) or ACTIVE. */
  admitted(): string[] {
    return this.#store
      .values(
        z.string(),
        `SELECT DISTINCT device FROM certificates WHERE use = 'device' AND status IN ('SIGNED','ACTIVE','ROTATING') AND not_after >= clock_now() ORDER BY device`,
      )
      .all();
  }

  /** Serial numbers of a service's certificates that are good. */
  ofService(username: string): string[] {
    return this.#store
      .values(
        z.string(),
        `SELECT serial FROM certificates WHERE use = 'service' AND status IN ('SIGNED','ACTIVE') AND not_after >= clock_now() AND device = ?`,
      )
      .all(username);
  }

  /** How many those are, without going through them; a device whose certificate is being replaced counts once. */
  countAdmitted(): number {
    return this.#counts()
      .filter(({ ended, status }) => !ended && (status === 'SIGNED' || status === 'ACTIVE'))
      .reduce((sum, { n }) => sum + n, 0);
  }

  /** Devices' certificates by issuer, status and whether they have ended: whole days from what is counted while writing, today's one by one. */
  #counts(): CertificateCount[] {
    return this.#store
      .query(
        CertificateCount,
        `SELECT issuer, status, ended, sum(n) AS n FROM (
           SELECT issuer, status, ends_on < substr(clock_now(), 1, 10) AS ended, n FROM certificate_counts
             WHERE use = 'device' AND (status = 'REVOKED' OR ends_on <> substr(clock_now(), 1, 10))
           UNION ALL
           SELECT issuer, status, not_after < clock_now(), 1 FROM certificates
             WHERE use = 'device' AND ${endsByClock} AND not_after >= substr(clock_now(), 1, 10) AND not_after < substr(clock_now(), 1, 10) || 'U')
         GROUP BY issuer, status, ended`,
      )
      .all();
  }

  *withDer(use: CertificateUse): Generator<{ device: string; serial: string; der: Buffer }> {
    yield* this.#store
      .query(WithDer, 'SELECT device, serial, der FROM certificates WHERE use = ? AND der IS NOT NULL ORDER BY created_at')
      .iterate(use);
  }
}
