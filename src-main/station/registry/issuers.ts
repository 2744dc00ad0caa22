import type { KeyAlgorithm, KeyProof } from '../../contract/index.ts';
import type { Row, Store } from './store.ts';

export type IssuerKind = 'root' | 'issuing' | 'server';

export interface IssuerRecord {
  readonly id: string;
  readonly kind: IssuerKind;
  readonly subject: string;
  readonly algorithm: KeyAlgorithm;
  readonly ckaId: string;
  readonly spkiSha256: string;
  readonly keyId: string;
  readonly certificate: Buffer;
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly proof: KeyProof['attributes'];
  readonly createdAt: string;
}

const columns = `id, kind, subject, algorithm, cka_id AS ckaId, spki_sha256 AS spkiSha256, key_id AS keyId, certificate, fingerprint,
  not_before AS notBefore, not_after AS notAfter, proof, created_at AS createdAt`;

const asIssuer = (row: Row): IssuerRecord => ({
  ...(row as unknown as IssuerRecord),
  proof: JSON.parse(String(row['proof'])) as KeyProof['attributes'],
});

/** The CAs of this station. */
export class Issuers {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  add(issuer: Omit<IssuerRecord, 'createdAt'>, actor: string): void {
    this.#store
      .sql(
        `INSERT INTO issuers (id, kind, subject, algorithm, cka_id, spki_sha256, key_id, certificate, fingerprint, not_before, not_after, proof, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
        this.#store.now(),
      );
    this.#store.audit(actor, 'issuer.create', issuer.id, { subject: issuer.subject, fingerprint: issuer.fingerprint, proof: issuer.proof });
  }

  all(): IssuerRecord[] {
    return this.#store.sql(`SELECT ${columns} FROM issuers ORDER BY created_at, id`).all().map(asIssuer);
  }

  ofKind(kind: IssuerKind): IssuerRecord | null {
    const row = this.#store.sql(`SELECT ${columns} FROM issuers WHERE kind = ? ORDER BY created_at DESC LIMIT 1`).get(kind);
    return row === undefined ? null : asIssuer(row);
  }
}
