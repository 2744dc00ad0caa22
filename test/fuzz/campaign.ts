import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

export const corpusFolder = new URL('corpus/', import.meta.url).pathname;

export interface Finding {
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface Report {
  readonly executions: number;
  /** What became of the inputs, without its figures → how often. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** One for each kind of error. */
  readonly findings: readonly Finding[];
  /** By processor time: how busy the machine is with other things does not count. */
  readonly slowest: { readonly ms: number; readonly input: Uint8Array };
}

/** Inputs that found something once: each stays right for ever. */
export function corpusOf(target: FuzzTarget): Uint8Array[] {
  const folder = join(corpusFolder, target.name);
  return existsSync(folder) ? readdirSync(folder).map((name) => readFileSync(join(folder, name))) : [];
}

/** The same kind of outcome whatever its numbers and names are. */
const kindOf = (outcome: string): string => outcome.replace(/“[^”]*”|0x[0-9a-f]+|[0-9a-f]{8,}|\d+(?:\.\d+)*/giu, '#').slice(0, 120);
const errorKind = (error: unknown): string =>
  error instanceof Error
    ? kindOf(`${error.name} ${error.message} ${(error.stack ?? '').split('\n').find((line) => line.includes('src-main')) ?? ''}`)
    : kindOf(String(error));

const maxPool = 3000;

/** Feeds seeds and corpus, then what is made of them, for as long as `more` says. Inputs with a new kind of outcome are built upon. */
export async function campaign(target: FuzzTarget, random: Random, more: (executions: number) => boolean): Promise<Report> {
  const seeds = [...(await target.seeds()), ...corpusOf(target)];
  const pool = [...seeds];
  const outcomes = new Map<string, number>();
  const findings = new Map<string, Finding>();
  let slowest = { ms: 0, input: new Uint8Array() as Uint8Array };
  let executions = 0;

  const run = async (input: Uint8Array): Promise<void> => {
    const start = process.cpuUsage();
    executions++;
    try {
      const outcome = kindOf(await target.feed(input));
      if (!outcomes.has(outcome) && pool.length < maxPool) pool.push(input);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      const kind = errorKind(error);
      if (!findings.has(kind)) findings.set(kind, { input, error });
    }
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1000;
    if (ms > slowest.ms) slowest = { ms, input };
  };

  for (const seed of seeds) await run(seed);
  while (more(executions)) {
    // Half of the time from the newest: a new kind of outcome leads to the next.
    const from = random.chance(0.5) ? pool.slice(-20) : pool;
    await run(target.mutate(random, random.pick(from), pool));
    // A parser never gives the event loop a turn of its own.
    if (executions % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { executions, outcomes, findings: [...findings.values()], slowest };
}
