import { existsSync, readFileSync, rmSync } from 'node:fs';
import { Ceremonies } from '../../src-main/station/registry/ceremonies.ts';

/** The moment around the row that says that a step is done. */
export interface CeremonyCrash {
  readonly step: string;
  readonly when: 'before' | 'after';
}

// A station service that kills itself at the moment that the file BIRTHMARK_TEST_CEREMONY_CRASH names, once.
const file = process.env['BIRTHMARK_TEST_CEREMONY_CRASH'] ?? '';

function reached(step: string, when: CeremonyCrash['when']): void {
  if (!existsSync(file)) return;
  const wanted = JSON.parse(readFileSync(file, 'utf8')) as CeremonyCrash;
  if (wanted.step !== step || wanted.when !== when) return;
  rmSync(file);
  process.kill(process.pid, 'SIGKILL');
}

const { write } = Ceremonies.prototype;
Ceremonies.prototype.write = function (this: Ceremonies, id, step, phase, detail, actor): void {
  if (phase === 'done') reached(step, 'before');
  write.call(this, id, step, phase, detail, actor);
  // Inside a transaction of more than this row, it is gone with it: that is the moment before once more.
  if (phase === 'done') reached(step, 'after');
};

await import('../../src-main/station/service.ts');
