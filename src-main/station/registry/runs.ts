import { z } from 'zod';
import {
  ProofLevel,
  RunGap,
  RunStep,
  storedFailure,
  Verdict,
  WorkOrder,
  type FailureData,
  type OrderProgress,
} from '../../contract/index.ts';
import { json, type Query } from './rows.ts';
import type { Store } from './store.ts';

const RunRecord = z.object({
  id: z.string(),
  slot: z.int(),
  order: z.string(),
  /** On whose word: who chose the order, put the unit in again, or asked for the bundle. */
  actor: z.string(),
  hardwareId: z.string().nullable(),
  device: z.string().nullable(),
  serial: z.string().nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  verdict: Verdict.nullable(),
  failure: z.string().transform(storedFailure).nullable(),
  deadline: z.string().nullable(),
  /** What its PASS is worth, and does without: planned when the unit was identified. */
  proofLevel: ProofLevel.nullable(),
  gaps: json(z.array(RunGap)),
  /** What `install` wrote, as the driver told it; null before. Digests only. */
  installed: z.string().nullable(),
});
export type RunRecord = Readonly<z.output<typeof RunRecord>>;

const JournalStep = z.object({ step: RunStep, phase: z.enum(['begin', 'done']) });
const StepMs = z.object({ step: RunStep, ms: z.number() });
const VerdictCount = z.object({ verdict: Verdict, n: z.int(), first: z.string(), last: z.string() });

const columns = `id, slot, order_id AS "order", actor, hardware_id AS hardwareId, device, serial, started_at AS startedAt, ended_at AS endedAt, verdict, failure, deadline, proof_level AS proofLevel, gaps, installed`;

/** Runs, their journal, and the work orders they count for. */
export class Runs {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  start(id: string, slot: number, order: string, actor: string): void {
    this.#store
      .sql('INSERT INTO runs (id, slot, order_id, actor, started_at) VALUES (?, ?, ?, ?, ?)')
      .run(id, slot, order, actor, this.#store.now());
  }

  bind(id: string, hardwareId: string, device: string | null): void {
    this.#store.sql('UPDATE runs SET hardware_id = ?, device = coalesce(?, device) WHERE id = ?').run(hardwareId, device, id);
  }

  /** Of a run that has no unit. */
  bindDevice(id: string, device: string): void {
    this.#store.sql('UPDATE runs SET device = ? WHERE id = ?').run(device, id);
  }

  /** What a PASS will be worth; what ends as anything else has no level. */
  plan(id: string, level: ProofLevel, gaps: readonly RunGap[]): void {
    this.#store.sql('UPDATE runs SET proof_level = ?, gaps = ? WHERE id = ?').run(level, JSON.stringify(gaps), id);
  }

  installed(id: string, items: string): void {
    this.#store.sql('UPDATE runs SET installed = ? WHERE id = ?').run(items, id);
  }

  journal(run: string, step: RunStep, phase: 'begin' | 'done', ms: number | null = null): void {
    this.#store.sql('INSERT INTO journal (run, step, phase, at, ms) VALUES (?, ?, ?, ?, ?)').run(run, step, phase, this.#store.now(), ms);
  }

  /** The last thing the journal says about a run. */
  lastStep(run: string): z.output<typeof JournalStep> | null {
    return this.#store.query(JournalStep, 'SELECT step, phase FROM journal WHERE run = ? ORDER BY seq DESC LIMIT 1').get(run);
  }

  steps(run: string): { step: RunStep; ms: number }[] {
    return this.#store.query(StepMs, `SELECT step, ms FROM journal WHERE run = ? AND phase = 'done' ORDER BY seq`).all(run);
  }

  /** A verdict replaces none, or NOT_VERIFIED; PASS and FAIL are final. */
  end(id: string, verdict: Verdict, more: { failure?: FailureData | undefined; deadline?: string | undefined }): void {
    const changed = this.#store
      .sql(
        `UPDATE runs SET verdict = ?, failure = ?, deadline = ?, ended_at = ?, proof_level = CASE WHEN ? = 'FAIL' THEN NULL ELSE proof_level END WHERE id = ? AND (verdict IS NULL OR verdict = 'NOT_VERIFIED')`,
      )
      .run(
        verdict,
        more.failure === undefined ? null : JSON.stringify(more.failure),
        more.deadline ?? null,
        this.#store.now(),
        verdict,
        id,
      );
    if (changed.changes !== 1) throw new Error(`run ${id} has its final verdict already`);
  }

  /** Runs that a stopped station left behind. */
  open(): RunRecord[] {
    return this.#runs(`WHERE verdict IS NULL ORDER BY started_at`).all();
  }

  /** The one that began last; null before the first. */
  newest(): RunRecord | null {
    return this.#runs('ORDER BY started_at DESC, rowid DESC LIMIT 1').get();
  }

  notVerified(): RunRecord[] {
    return this.#runs(`WHERE verdict = 'NOT_VERIFIED' ORDER BY started_at`).all();
  }

  /** Did any unit ever pass as this device? */
  hasPassed(device: string): boolean {
    return this.#store.values(z.int(), `SELECT EXISTS (SELECT 1 FROM runs WHERE device = ? AND verdict = 'PASS')`).one(device) === 1;
  }

  /** The newest run in this slot that was more than a look at a unit with an identity. */
  lastIn(slot: number): RunRecord | null {
    return this.#runs(
      `WHERE slot = ? AND coalesce(failure ->> 'code', '') <> 'HAS_IDENTITY' ORDER BY started_at DESC, rowid DESC LIMIT 1`,
    ).get(slot);
  }

  /** The newest run of this device. */
  lastOf(device: string): RunRecord | null {
    return this.#runs('WHERE device = ? ORDER BY started_at DESC, rowid DESC LIMIT 1').get(device);
  }

  get(id: string): RunRecord | null {
    return this.#runs('WHERE id = ?').get(id);
  }

  #runs(which: string): Query<RunRecord> {
    return this.#store.query(RunRecord, `SELECT ${columns} FROM runs ${which}`);
  }

  createOrder(order: WorkOrder, actor: string): void {
    this.#store.transaction(() => {
      this.#store
        .sql(
          'INSERT INTO orders (id, tenant, product, device_profile, certificate_profile, quantity, id_prefix, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          order.id,
          order.tenant,
          order.product,
          order.deviceProfile,
          order.certificateProfile,
          order.quantity,
          order.idPrefix,
          this.#store.now(),
        );
      this.#store.audit(actor, 'order.create', order.id, { ...order });
    });
  }

  order(id: string): WorkOrder | null {
    return this.#store.query(WorkOrder, `SELECT ${orderColumns} FROM orders WHERE id = ?`).get(id);
  }

  orders(): WorkOrder[] {
    return this.#store.query(WorkOrder, `SELECT ${orderColumns} FROM orders ORDER BY created_at DESC`).all();
  }

  progress(order: WorkOrder): OrderProgress {
    // A unit counts once, by its newest run: a retry that passes is one passed unit. To put in a unit that has its identity is
    // no run of it, and a run that the station left before it knew the unit is nobody's.
    const rows = this.#store
      .query(
        VerdictCount,
        `SELECT verdict, count(*) AS n, min(started_at) AS first, max(ended_at) AS last FROM
            (SELECT verdict, started_at, ended_at, row_number() OVER (PARTITION BY coalesce(hardware_id, id) ORDER BY rowid DESC) AS newest FROM runs
             WHERE order_id = ? AND verdict IS NOT NULL AND coalesce(failure ->> 'code', '') <> 'HAS_IDENTITY'
               AND NOT (hardware_id IS NULL AND coalesce(failure ->> 'code', '') = 'STATION_STOPPED'))
            WHERE newest = 1 GROUP BY verdict`,
      )
      .all(order.id);
    const count = (verdict: Verdict): number => rows.find((row) => row.verdict === verdict)?.n ?? 0;
    const passed = count('PASS');
    const pass = rows.find((row) => row.verdict === 'PASS');
    const hours = pass === undefined ? 0 : (Date.parse(pass.last) - Date.parse(pass.first)) / 3_600_000;
    const unitsPerHour = passed > 1 && hours > 0 ? passed / hours : null;
    const left = Math.max(0, order.quantity - passed);
    return {
      order,
      passed,
      failed: count('FAIL'),
      notVerified: count('NOT_VERIFIED'),
      unitsPerHour,
      minutesLeft: unitsPerHour === null ? null : (left / unitsPerHour) * 60,
    };
  }
}

const orderColumns = `id, tenant, product, device_profile AS deviceProfile, certificate_profile AS certificateProfile, quantity, id_prefix AS idPrefix`;
