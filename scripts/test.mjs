// npm test: everything set up, then what CI runs, two stages at a time, the heavy ones alone; after one that failed none begins.
//   npm test [-- STAGE …]     only the named stages; those that need more than the usual packages run only when they are named
import { mkdirSync, rmSync } from 'node:fs';
import { setUp } from './setup/index.mjs';
import { inRoot } from './setup/paths.mjs';
import { runAsScript, SetupProblem } from './setup/say.mjs';
import { Output } from './testing/output.mjs';
import { sideBySide } from './testing/side-by-side.mjs';
import { allStages, alone, report, usualStages } from './testing/stages.mjs';

const together = 2;
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

await runAsScript(async () => {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !(name in allStages));
  if (unknown.length > 0)
    throw new SetupProblem(`There is no stage ${unknown.join(', ')}; there are ${Object.keys(allStages).join(', ')}.`);
  const chosen = named.length === 0 ? Object.keys(usualStages) : Object.keys(allStages).filter((name) => named.includes(name));

  const begun = Date.now();
  const { electron } = await setUp({ app: chosen.includes('e2e'), tests: true });
  const times = [`set-up ${seconds(begun)}`];
  mkdirSync(inRoot('test-results'), { recursive: true });
  mkdirSync(inRoot('build', 'cache'), { recursive: true });

  const total = { passed: 0, failed: 0, failures: [] };
  const work = async (name) => {
    console.log(`── ${name} begins`);
    const since = Date.now();
    const output = new Output(chosen.length === 1);
    rmSync(report(name), { force: true });
    const { ok, passed, failed, failures } = await allStages[name](output, electron).catch((thrown) => {
      output.line(thrown instanceof SetupProblem ? thrown.message : thrown.stack);
      return { ok: false, passed: 0, failed: 1, failures: [] };
    });
    console.log(`\n── ${name} ${ok ? 'passed' : 'FAILED'} after ${seconds(since)}`);
    output.show();
    total.passed += passed;
    total.failed += ok ? failed : Math.max(failed, 1);
    total.failures.push(...failures);
    times.push(`${name} ${seconds(since)}`);
    return ok;
  };
  const light = chosen.filter((name) => !alone.includes(name));
  const heavy = chosen.filter((name) => alone.includes(name));
  const broken = (await sideBySide(light, together, work)) ?? (await sideBySide(heavy, 1, work));
  console.log(`\n${times.join(' · ')} · all ${seconds(begun)}`);
  for (const failure of total.failures) console.log(`\n${failure}`);
  if (broken !== null) console.log(`The stage "${broken}" failed.`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return broken === null ? 0 : 1;
});
