import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { LogSync } from '../../src-main/station/registry/log-sync.ts';
import { Runs } from '../../src-main/station/registry/runs.ts';
import { Store } from '../../src-main/station/registry/store.ts';

/** A moment around a row of a run: its journal, or its verdict. */
export interface CrashPoint {
  /** A step of the run, or its verdict. */
  readonly of: string;
  readonly row: 'begin' | 'done' | 'verdict';
  /** before, written: the row, its transaction not through. committed: the transaction is on disk. */
  readonly when: 'before' | 'written' | 'committed';
}

// A station service that kills itself at the moments that the file BIRTHMARK_TEST_CRASH names, one in each of its lives.
const file = process.env['BIRTHMARK_TEST_CRASH'] ?? '';

function reached(of: string, row: CrashPoint['row'], when: CrashPoint['when']): void {
  if (!existsSync(file)) return;
  const [point, ...later] = JSON.parse(readFileSync(file, 'utf8')) as CrashPoint[];
  if (point?.of !== of || point.row !== row || point.when !== when) return;
  if (later.length === 0) rmSync(file);
  else writeFileSync(file, JSON.stringify(later));
  process.kill(process.pid, 'SIGKILL');
}

let open: { of: string; row: CrashPoint['row'] }[] = [];

function written(of: string, row: CrashPoint['row']): void {
  reached(of, row, 'written');
  open.push({ of, row });
}

const { journal, end } = Runs.prototype;
Runs.prototype.journal = function (this: Runs, run, step, phase, ms): void {
  reached(step, phase, 'before');
  journal.call(this, run, step, phase, ms);
  written(step, phase);
};
Runs.prototype.end = function (this: Runs, id, verdict, more): void {
  reached(verdict, 'verdict', 'before');
  end.call(this, id, verdict, more);
  written(verdict, 'verdict');
};

function committed(): void {
  for (const { of, row } of open) reached(of, row, 'committed');
  open = [];
}

const { transaction } = Store.prototype;
Store.prototype.transaction = function <T>(this: Store, work: () => T): T {
  const result = transaction.call(this, work) as T;
  if (!this.db.inTransaction) committed();
  return result;
};
const { durable } = LogSync.prototype;
LogSync.prototype.durable = async function (this: LogSync): Promise<void> {
  await durable.call(this);
  committed();
};

await import('../../src-main/station/service.ts');
