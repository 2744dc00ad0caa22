import { z } from 'zod';
import { CeremonyView } from '../../contract/index.ts';
import { json } from './rows.ts';
import type { Store } from './store.ts';

/** One signature over a transcript: by which key of the ceremony, and how. */
const TranscriptSignature = z.object({
  role: z.string(),
  spkiSha256: z.string(),
  hash: z.enum(['sha256', 'sha384']),
  /** As openssl takes it, base64. */
  signature: z.string(),
});
export type TranscriptSignature = Readonly<z.output<typeof TranscriptSignature>>;

const CeremonyRecord = z.object({
  id: z.string(),
  /** JSON; what it holds is the ceremony's to say. */
  plan: z.string(),
  /** Of what was asked for: a start of the same is known again by it. */
  inputHash: z.string(),
  state: CeremonyView.shape.state,
  startedBy: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  transcript: z.string().nullable(),
  signatures: json(z.array(TranscriptSignature)),
});
export type CeremonyRecord = Readonly<z.output<typeof CeremonyRecord>>;

const JournalLine = z.object({
  step: z.string(),
  phase: z.enum(['begin', 'done']),
  at: z.string(),
  by: z.string(),
  detail: json(z.unknown()),
});
export type JournalLine = Readonly<z.output<typeof JournalLine>>;

const columns = `id, plan, wish AS inputHash, state, started_by AS startedBy, started_at AS startedAt, ended_at AS endedAt, transcript, signatures`;

/** Ceremonies and their journals: a line before and after each step, never changed. At most one is open. */
export class Ceremonies {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  begin(ceremony: Pick<CeremonyRecord, 'id' | 'plan' | 'inputHash'>, name: string, actor: string): void {
    this.#store.transaction(() => {
      const { id, plan, inputHash } = ceremony;
      this.#store
        .sql('INSERT INTO ceremonies (id, plan, wish, started_by, started_at) VALUES (?, ?, ?, ?, ?)')
        .run(id, plan, inputHash, actor, this.#store.now());
      this.#store.audit(actor, 'ceremony.begin', id, { name });
    });
  }

  open(): CeremonyRecord | null {
    return this.#store.query(CeremonyRecord, `SELECT ${columns} FROM ceremonies WHERE state = 'open'`).get();
  }

  get(id: string): CeremonyRecord | null {
    return this.#store.query(CeremonyRecord, `SELECT ${columns} FROM ceremonies WHERE id = ?`).get(id);
  }

  all(): CeremonyRecord[] {
    return this.#store.query(CeremonyRecord, `SELECT ${columns} FROM ceremonies ORDER BY started_at, rowid`).all();
  }

  journal(id: string): JournalLine[] {
    return this.#store
      .query(JournalLine, 'SELECT step, phase, at, by, detail FROM ceremony_journal WHERE ceremony = ? ORDER BY seq')
      .all(id);
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
