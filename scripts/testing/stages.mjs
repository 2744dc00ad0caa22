import { existsSync, readFileSync } from 'node:fs';
import { inRoot, node24 } from '../setup/paths.mjs';
import { playwrightFailures, vitestFailures } from './failures.mjs';
import { requireSandbox } from '../setup/sandbox.mjs';
import { SetupProblem } from '../setup/say.mjs';

/**
 * @typedef {{ok: boolean, passed: number, failed: number, failures: readonly string[]}} Outcome
 * @typedef {(output: import('./output.mjs').Output, electron: import('../setup/electron.mjs').Runtime) => Promise<Outcome>} Stage
 */

const bin = (name) => inRoot('node_modules', '.bin', name);
/** What a tool found out about files that have not changed since. */
const cache = (name) => inRoot('build', 'cache', name);
export const report = (name) => inRoot('test-results', `${name}.json`);

/** The parts of the code, each with the types and libraries it may know of. */
const typedParts = ['.', 'src-main/desktop', 'src-main/preload', 'src-renderer', 'test/e2e', 'test/unit/screens', 'scripts'];
/** A rule checker that saw nothing finds nothing: each of these must have been looked at. */
const checkedParts = [
  'src-main/contract',
  'src-main/station',
  'src-main/signer',
  'src-main/desktop',
  'src-main/preload',
  'src-main/cli',
  'src-renderer',
];

/** A stage that counts no tests. */
const outcome = (ok) => ({ ok, passed: 0, failed: 0, failures: [] });

/** @type {Stage} */
async function format(output) {
  const cached = ['--cache', '--cache-strategy', 'content', '--cache-location', cache('prettier')];
  return outcome(await output.run(bin('prettier'), ['--check', '--log-level', 'warn', ...cached, '.']));
}

/**
 * Rules that look at types see other files, which the cache does not: only a fresh clone, as CI has it, checks everything anew.
 * @type {Stage}
 */
async function lint(output) {
  const cached = ['--cache', '--cache-strategy', 'content', '--cache-location', cache('eslint')];
  return outcome(await output.run(bin('eslint'), ['--max-warnings=0', ...cached, '.']));
}

/** Files, exports and packages that nobody uses. @type {Stage} */
async function unused(output) {
  return outcome(await output.run(bin('knip'), ['--no-progress']));
}

/** @type {Stage} */
async function types(output) {
  for (const part of typedParts) {
    const info = cache(`types-${part === '.' ? 'root' : part.replaceAll('/', '-')}.json`);
    if (!(await output.run(bin('tsc'), ['--project', part, '--incremental', '--tsBuildInfoFile', info]))) return outcome(false);
  }
  return outcome(true);
}

/** @type {Stage} */
async function architecture(output) {
  const folders = ['src-main', 'src-renderer', 'test', 'scripts', 'vitest.config.ts', 'eslint.config.js'];
  const { modules, summary } = JSON.parse(await output.read(bin('depcruise'), ['--output-type', 'json', ...folders]));
  for (const { rule, from, to } of summary.violations) output.line(`${rule.name}: ${from} → ${to}`);
  const unseen = checkedParts.filter((part) => !modules.some(({ source }) => source.startsWith(`${part}/`)));
  if (unseen.length > 0) output.line(`no module was checked in ${unseen.join(', ')}`);
  output.line(`${summary.totalCruised} modules, ${summary.totalDependenciesCruised} imports checked`);
  return outcome(summary.error === 0 && unseen.length === 0);
}

/**
 * The device agent: with gcc under its sanitizers, and with clang, whose warnings differ; its sanitizers would need one package more.
 * @type {Stage}
 */
async function c(output) {
  const make = (...words) => output.run('make', ['--silent', '-C', inRoot('native', 'device-agent'), ...words]);
  const clang = ['CC=clang', 'SANITIZE=-g', `OUT=${inRoot('build', 'device-agent-clang')}`];
  return outcome((await make('test')) && (await make('all', 'test', ...clang)));
}

/** What a runner's report says. A runner that ran nothing has not passed. */
function counted(name, ok, read) {
  if (!existsSync(report(name))) return { ok: false, passed: 0, failed: 1, failures: [`✗ ${name} wrote no report`] };
  const { passed, failed, failures } = read(JSON.parse(readFileSync(report(name), 'utf8')));
  return { ok: ok && failed === 0 && passed > 0, passed, failed: ok ? failed : Math.max(failed, 1), failures };
}

/** @returns {Stage} */
const vitest = (name) => async (output) => {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report(name)}`];
  const ok = await output.run(bin('vitest'), ['run', `--project=${name}`, ...reporters]);
  return counted(name, ok, (written) => ({
    passed: written.numPassedTests,
    failed: written.numFailedTests,
    failures: vitestFailures(written),
  }));
};

/** @type {Stage} */
async function e2e(output, electron) {
  const command = [node24(), bin('playwright'), 'test', '--config=test/e2e/playwright.config.ts'];
  const [program, ...args] = process.env.DISPLAY
    ? command
    : ['xvfb-run', '--auto-servernum', '--server-args=-screen 0 1600x1000x24', ...command];
  const electronArgs = requireSandbox(electron.executable).args.join(' ');
  const env = { BIRTHMARK_NODE: node24(), BIRTHMARK_ELECTRON: electron.executable, BIRTHMARK_ELECTRON_ARGS: electronArgs };
  const ok = await output.run(program, args, env);
  return counted('e2e', ok, (written) => ({
    passed: written.stats.expected,
    failed: written.stats.unexpected + written.stats.flaky,
    failures: playwrightFailures(written),
  }));
}

/** A cluster of two RabbitMQ nodes: big, and of no use to whoever has Mosquitto. @type {Stage} */
async function rabbitmq(output, electron) {
  if (!existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server'))
    throw new SetupProblem(
      'The stage "rabbitmq" needs the Debian package rabbitmq-server; docs/rabbitmq.md says how to install it without its service.',
    );
  return vitest('rabbitmq')(output, electron);
}

/**
 * In the order in which they begin: what finds most in the least time first.
 * @type {Record<string, Stage>}
 */
export const usualStages = { types, lint, unused, format, architecture, c, unit: vitest('unit'), e2e, integration: vitest('integration') };
/** Each is many processes that wait for each other: beside another one both take longer than one after the other. */
export const alone = ['e2e', 'integration', 'rabbitmq'];
/** @type {Record<string, Stage>} */
export const allStages = { ...usualStages, rabbitmq };
