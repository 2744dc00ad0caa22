import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { campaign, corpusFolder, type Finding } from './campaign.ts';
import { randomFrom } from './random.ts';
import { fuzzTargets } from './targets/index.ts';
import { Broken, type FuzzTarget } from './target.ts';

/** Whoever sends a file must not hold the station for longer than this with it, in ms of processor time. */
const maxMs = 15_000;

// npm run fuzz -- [NAME…] [--minutes N] [--seed N] [--verbose]: campaigns by hand, one after the other. What they find is written to
// test/fuzz/corpus, where the unit tests feed it from then on.
const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, verbose: { type: 'boolean' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !fuzzTargets.some((target) => target.name === name));
const minutes = Number(values.minutes);

if (values.help === true || unknown.length > 0 || !(minutes > 0)) {
  const names = fuzzTargets.map(({ name }) => name).join(', ');
  console.error(
    `${unknown.map((name) => `There is no fuzz target "${name}".\n`).join('')}npm run fuzz -- [NAME…] [--minutes N] [--seed N] [--verbose]; names: ${names}`,
  );
  process.exitCode = 2;
} else {
  const seed = values.seed === undefined ? Date.now() >>> 0 : Number(values.seed);
  for (const target of fuzzTargets.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) await run(target, seed);
}

async function run(target: FuzzTarget, seed: number): Promise<void> {
  const start = performance.now();
  const memory = process.memoryUsage().rss;
  const report = await campaign(target, randomFrom(seed), () => performance.now() - start < minutes * 60_000);
  await target.close?.();
  const { slowest } = report;
  const findings = [...report.findings];
  if (slowest.ms > maxMs) findings.push({ input: slowest.input, error: new Broken(`took ${slowest.ms.toFixed(0)} ms of processor time`) });
  const grown = Math.round((process.memoryUsage().rss - memory) / 1e6);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${target.name}: ${report.executions} executions in ${seconds.toFixed(0)} s (seed ${seed}), ${report.outcomes.size} kinds of outcome, ` +
      `slowest ${slowest.ms.toFixed(0)} ms (${slowest.input.length} bytes), ${grown} MB more memory, ${findings.length} findings`,
  );
  if (values.verbose === true)
    for (const [outcome, count] of [...report.outcomes].sort((a, b) => b[1] - a[1]))
      console.log(`  ${String(count).padStart(8)}  ${outcome}`);
  keep(target, findings);
}

function keep(target: FuzzTarget, findings: readonly Finding[]): void {
  for (const { input, error } of findings) {
    const folder = join(corpusFolder, target.name);
    const file = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16));
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, input);
    console.log(
      `  FINDING ${file}\n  ${error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 6).join('\n  ') : String(error)}`,
    );
    process.exitCode = 1;
  }
}
