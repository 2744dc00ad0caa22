import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { IssuerKind, IssuerState, KeyAlgorithm, KeyProof, unwrap } from '../../contract/index.ts';
import { bytes, json } from './rows.ts';
import type { Store } from './store.ts';

const IssuerRecord = z.object({
  id: z.string(),
  kind: IssuerKind,
  subject: z.string(),
  algorithm: KeyAlgorithm,
  ckaId: z.string(),
  spkiSha256: z.string(),
  keyId: z.string(),
  certificate: bytes,
  fingerprint: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  proof: json(KeyProof.shape.attributes),
  createdAt: z.string(),
  state: IssuerState,
  /** How many partitions its CRL has; stands in every certificate and never changes. */
  partitions: z.int(),
  /** Certificates above its own that are not this station's, DER, the nearest first. */
  chain: json(z.array(z.string().transform((text): Buffer => Buffer.from(text, 'base64'))).readonly()),
});
export type IssuerRecord = Readonly<z.output<typeof IssuerRecord>>;

/** What is known when an issuer is made; it begins as active. */
export type NewIssuer = Omit<IssuerRecord, 'createdAt' | 'state' | 'partitions' | 'chain'> &
  Partial<Pick<IssuerRecord, 'partitions' | 'chain'>>;

const columns = `id, kind, subject, algorithm, cka_id AS ckaId, spki_sha256 AS spkiSha256, key_id AS keyId, certificate, fingerprint,
  not_before AS notBefore, not_after AS notAfter, proof, created_at AS createdAt, state, partitions, chain`;

/** Read once for each record. */
const read = new WeakMap<IssuerRecord, X509Certificate>();
function certificateOf(issuer: IssuerRecord): X509Certificate {
  const certificate = read.get(issuer) ?? new X509Certificate(issuer.certificate);
  read.set(issuer, certificate);
  return certificate;
}

const isBy = (issuer: IssuerRecord, above: IssuerRecord): boolean => certificateOf(issuer).checkIssued(certificateOf(above));

/** The CAs of this station. */
export class Issuers {
  readonly #store: Store;
  #kept: readonly IssuerRecord[] | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  add(issuer: NewIssuer, actor: string): void {
    this.#kept = null;
    this.#store
      .sql(
        `INSERT INTO issuers (id, kind, subject, algorithm, cka_id, spki_sha256, key_id, certificate, fingerprint, not_before, not_after, proof, partitions, chain, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        issuer.id,
        issuer.kind,
        issuer.subject,
        issuer.algorithm,
        issuer.ckaId,
        issuer.spkiSha256,
        issuer.keyId,
        issuer.certificate,
        issuer.fingerprint,
        issuer.notBefore,
        issuer.notAfter,
        JSON.stringify(issuer.proof),
        issuer.partitions ?? 1,
        JSON.stringify((issuer.chain ?? []).map((certificate) => certificate.toString('base64'))),
        this.#store.now(),
      );
    this.#store.audit(actor, 'issuer.create', issuer.id, { subject: issuer.subject, fingerprint: issuer.fingerprint, proof: issuer.proof });
  }

  /** Oldest first. */
  all(): IssuerRecord[] {
    return this.#all().toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : Number(a.createdAt > b.createdAt)));
  }

  /**
   * In the order in which they were recorded. They are few, hardly ever change, and are asked for with every certificate: kept, but not from
   * inside a transaction that may yet be taken back.
   */
  #all(): readonly IssuerRecord[] {
    if (this.#kept !== null) return this.#kept;
    const all = this.#store.query(IssuerRecord, `SELECT ${columns} FROM issuers ORDER BY rowid`).all();
    if (!this.#store.db.inTransaction) this.#kept = all;
    return all;
  }

  get(id: string): IssuerRecord | null {
    return this.#all().find((issuer) => issuer.id === id) ?? null;
  }

  /** The one of this kind that signs certificates: the newest that is active. */
  current(kind: IssuerKind): IssuerRecord | null {
    return this.#all().findLast((issuer) => issuer.kind === kind && issuer.state === 'active') ?? null;
  }

  /** Whoever owes CRLs, oldest first: a retiring one does until its last certificate has expired. */
  signsCrls(): IssuerRecord[] {
    const now = this.#store.now();
    return this.all().filter(({ state, notAfter }) => state !== 'ended' && notAfter > now);
  }

  /** The root above this issuer, DER: the end of its chain, or the root of the station's own that signed it. */
  anchorOf(issuer: IssuerRecord): Buffer {
    const above = issuer.chain.at(-1);
    if (above !== undefined || issuer.kind === 'root') return above ?? issuer.certificate;
    const root = this.all().find((other) => other.kind === 'root' && isBy(issuer, other));
    return unwrap(root, `the root above ${issuer.id} is in the registry`).certificate;
  }

  /**
   * What new devices trust, DER: the root of brokers' certificates first. Where the issuer of devices has a newer root of the same
   * owner, that too: brokers' certificates can follow it when all devices know it.
   */
  trustAnchors(): Buffer[] {
    const server = unwrap(this.current('server'), 'a finished station has an issuer for brokers');
    const issuing = unwrap(this.current('issuing'), 'a finished station has an issuer');
    const [first, next] = [this.anchorOf(server), this.anchorOf(issuing)];
    const sameOwner = server.chain.length > 0 === issuing.chain.length > 0;
    return sameOwner && !next.equals(first) ? [first, next] : [first];
  }

  /** Another one signs certificates from now on; this one only revocation lists. */
  retire(id: string, actor: string): void {
    this.#move(id, 'active', 'retiring', actor);
  }

  /** Ends those that retire and have no certificate left that could still be used, a device's or a CA's, on the word of whoever had them retire; returns them. */
  endRetired(): IssuerRecord[] {
    return this.#store.transaction(() => {
      const now = this.#store.now();
      const signing = this.signsCrls();
      const over = this.#store
        .query(
          IssuerRecord,
          `SELECT ${columns} FROM issuers WHERE state = 'retiring'
             AND NOT EXISTS (SELECT 1 FROM certificates c WHERE c.issuer = issuers.id AND c.not_after > ?)`,
        )
        .all(now)
        .filter((issuer) => !signing.some((other) => other.id !== issuer.id && isBy(other, issuer)));
      for (const { id } of over) this.#move(id, 'retiring', 'ended', this.#retiredBy(id));
      return over;
    });
  }

  #retiredBy(id: string): string {
    const actor = this.#store
      .values(z.string(), `SELECT actor FROM audit WHERE action = 'issuer.retiring' AND subject = ? ORDER BY seq DESC LIMIT 1`)
      .get(id);
    return unwrap(actor, `the audit log has who retired ${id}`);
  }

  #move(id: string, from: IssuerState, to: IssuerState, actor: string): void {
    this.#store.transaction(() => {
      const { subject } = unwrap(this.get(id), `issuer ${id} is in the registry`);
      this.#kept = null;
      const { changes } = this.#store.sql('UPDATE issuers SET state = ? WHERE id = ? AND state = ?').run(to, id, from);
      if (changes > 0) this.#store.audit(actor, `issuer.${to}`, id, { subject });
    });
  }
}
