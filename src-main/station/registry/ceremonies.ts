import type { CeremonyView } from '../../contract/index.ts';
import type { Row, Store } from './store.ts';

/** One signature over a transcript: by which key of the ceremony, and how. */
export interface TranscriptSignature {
  readonly role: string;
  readonly spkiSha256: string;
  readonly hash: 'sha256' | 'sha384';
  /** As openssl takes it, base64. */
  readonly signature: string;
}

export interface CeremonyRecord {
  readonly id: string;
  /** JSON; what it holds is the ceremony's to say. */
  readonly plan: string;
  readonly wish: string;
  readonly state: CeremonyView['state'];
  readonly startedBy: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly transcript: string | null;
  readonly signatures: readonly TranscriptSignature[];
}

export interface JournalLine {
  readonly step: string;
  readonly phase: 'begin' | 'done';
  readonly at: string;
  readonly by: string;
  readonly detail: unknown;
}

const columns = `id, plan, wish, state, started_by AS startedBy, started_at AS startedAt, ended_at AS endedAt, transcript, signatures`;
const asRecord = (row: Row): CeremonyRecord => ({
  ...(row as unknown as CeremonyRecord),
  signatures: JSON.parse(String(row['signatures'])) as TranscriptSignature[],
});

/** Ceremonies and their journals: a line before and after each step, never changed. At most one is open. */
export class Ceremonies {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  begin(ceremony: Pick<CeremonyRecord, 'id' | 'plan' | 'wish'>, name: string, actor: string): void {
    this.#store.transaction(() => {
      const { id, plan, wish } = ceremony;
      this.#store
        .sql('INSERT INTO ceremonies (id, plan, wish, started_by, started_at) VALUES (?, ?, ?, ?, ?)')
        .run(id, plan, wish, actor, this.#store.now());
      this.#store.audit(actor, 'ceremony.begin', id, { name });
    });
  }

  open(): CeremonyRecord | null {
    const row = this.#store.sql(`SELECT ${columns} FROM ceremonies WHERE state = 'open'`).get();
    return row === undefined ? null : asRecord(row);
  }

  get(id: string): CeremonyRecord | null {
    const row = this.#store.sql(`SELECT ${columns} FROM ceremonies WHERE id = ?`).get(id);
    return row === undefined ? null : asRecord(row);
  }

  all(): CeremonyRecord[] {
    return this.#store.sql(`SELECT ${columns} FROM ceremonies ORDER BY started_at, rowid`).all().map(asRecord);
  }

  journal(id: string): JournalLine[] {
    const rows = this.#store.sql('SELECT step, phase, at, by, detail FROM ceremony_journal WHERE ceremony = ? ORDER BY seq').all(id);
    return rows.map((row) => ({ ...(row as unknown as JournalLine), detail: JSON.parse(String(row['detail'])) as unknown }));
  }

  write(id: string, step: string, phase: JournalLine['phase'], detail: unknown, actor: string): void {
    this.#store.transaction(() => {
      this.#store
        .sql('INSERT INTO ceremony_journal (ceremony, step, phase, at, by, detail) VALUES (?, ?, ?, ?, ?, ?)')
        .run(id, step, phase, this.#store.now(), actor, JSON.stringify(detail));
      if (phase === 'done') this.#store.audit(actor, 'ceremony.step', id, { step });
    });
  }

  finish(id: string, transcript: string, signatures: readonly TranscriptSignature[], transcriptSha256: string, actor: string): void {
    this.#store.transaction(() => {
      this.#store
        .sql(`UPDATE ceremonies SET state = 'done', ended_at = ?, transcript = ?, signatures = ? WHERE id = ? AND state = 'open'`)
        .run(this.#store.now(), transcript, JSON.stringify(signatures), id);
      this.#store.audit(actor, 'ceremony.done', id, { transcriptSha256 });
    });
  }

  /** `keys`: CKA_IDs that stay on the token. */
  abandon(id: string, keys: readonly string[], actor: string): void {
    this.#store.transaction(() => {
      this.#store.sql(`UPDATE ceremonies SET state = 'abandoned', ended_at = ? WHERE id = ? AND state = 'open'`).run(this.#store.now(), id);
      this.#store.audit(actor, 'ceremony.abandon', id, { keys });
    });
  }
}
