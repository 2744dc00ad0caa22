// Runs a TypeScript file of this project on Node 24, with everything it needs set up first:
//   node scripts/run.mjs [--tests] FILE [ARGS…]      --tests: also what only tests and benchmarks use
import { inPlace } from './setup/command.mjs';
import { setUp } from './setup/index.mjs';
import { inRoot, node24 } from './setup/paths.mjs';
import { runAsScript } from './setup/say.mjs';

await runAsScript(async () => {
  const words = process.argv.slice(2);
  const tests = words[0] === '--tests';
  const [file, ...args] = tests ? words.slice(1) : words;
  await setUp({ tests });
  return inPlace(node24(), [inRoot(file), ...args]);
});
