// npm test: everything set up, then what CI runs, in this order; the first stage that fails ends it.
//   npm test [-- STAGE …]     only the named stages; those that need more than the usual packages run only when they are named
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setUp } from './setup/index.mjs';
import { inRoot, node24, root } from './setup/paths.mjs';
import { requireSandbox } from './setup/sandbox.mjs';
import { runAsScript, SetupProblem } from './setup/say.mjs';

const bin = (name) => inRoot('node_modules', '.bin', name);
const results = inRoot('test-results');
const report = (name) => inRoot('test-results', `${name}.json`);

/** The parts of the code, each with the types and libraries it may know of. */
const typedParts = ['.', 'src-main/desktop', 'src-main/preload', 'src-renderer', 'test/e2e', 'scripts'];
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

/** @param {'inherit' | 'pipe'} stdout */
async function run(program, args, env = {}, stdout = 'inherit') {
  /** @type {import('node:child_process').SpawnOptions} */
  const options = { cwd: root, stdio: ['ignore', stdout, 'inherit'], env: { ...process.env, ...env } };
  const child = spawn(program, args, options);
  let text = '';
  child.stdout?.on('data', (chunk) => (text += chunk));
  const code = await new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  return { ok: code === 0, text };
}

/** @typedef {{ok: boolean, passed: number, failed: number}} Outcome */

const passes = async (program, args) => ({ ok: (await run(program, args)).ok, passed: 0, failed: 0 });

/** The device agent: with gcc under its sanitizers, and with clang, whose warnings differ; its sanitizers would need one package more. */
async function c() {
  const make = (...words) => passes('make', ['--silent', '-C', inRoot('native', 'device-agent'), ...words]);
  const { ok } = await make('test');
  return ok ? make('all', 'test', 'CC=clang', 'SANITIZE=-g', `OUT=${inRoot('build', 'device-agent-clang')}`) : { ok, passed: 0, failed: 0 };
}

async function types() {
  for (const part of typedParts) if (!(await run(bin('tsc'), ['--project', part])).ok) return { ok: false, passed: 0, failed: 0 };
  return { ok: true, passed: 0, failed: 0 };
}

async function architecture() {
  const folders = ['src-main', 'src-renderer', 'test', 'scripts', 'vitest.config.ts', 'eslint.config.js'];
  const { text } = await run(bin('depcruise'), ['--output-type', 'json', ...folders], {}, 'pipe');
  const { modules, summary } = JSON.parse(text);
  for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
  const unseen = checkedParts.filter((part) => !modules.some(({ source }) => source.startsWith(`${part}/`)));
  if (unseen.length > 0) console.error(`no module was checked in ${unseen.join(', ')}`);
  console.log(`${summary.totalCruised} modules, ${summary.totalDependenciesCruised} imports checked`);
  return { ok: summary.error === 0 && unseen.length === 0, passed: 0, failed: 0 };
}

/** The figures of a runner's report. A runner that ran nothing has not passed. */
function counted(name, ok, figures) {
  if (!existsSync(report(name))) return { ok: false, passed: 0, failed: 1 };
  const { passed, failed } = figures(JSON.parse(readFileSync(report(name), 'utf8')));
  return { ok: ok && failed === 0 && passed > 0, passed, failed: ok ? failed : Math.max(failed, 1) };
}

async function vitest(name) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report(name)}`];
  const { ok } = await run(bin('vitest'), ['run', `--project=${name}`, ...reporters]);
  return counted(name, ok, ({ numPassedTests, numFailedTests }) => ({ passed: numPassedTests, failed: numFailedTests }));
}

async function e2e(electron) {
  const command = [node24(), bin('playwright'), 'test', '--config=test/e2e/playwright.config.ts'];
  const [program, ...args] = process.env.DISPLAY
    ? command
    : ['xvfb-run', '--auto-servernum', '--server-args=-screen 0 1600x1000x24', ...command];
  const electronArgs = requireSandbox(electron.executable).args.join(' ');
  const env = { BIRTHMARK_NODE: node24(), BIRTHMARK_ELECTRON: electron.executable, BIRTHMARK_ELECTRON_ARGS: electronArgs };
  const { ok } = await run(program, args, env);
  return counted('e2e', ok, ({ stats }) => ({ passed: stats.expected, failed: stats.unexpected + stats.flaky }));
}

/** A cluster of two RabbitMQ nodes: big, and of no use to whoever has Mosquitto. */
function rabbitmq() {
  if (!existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server'))
    throw new SetupProblem(
      'The stage "rabbitmq" needs the Debian package rabbitmq-server; docs/rabbitmq.md says how to install it without its service.',
    );
  return vitest('rabbitmq');
}

/** @type {Record<string, (electron: import('./setup/electron.mjs').Runtime) => Promise<Outcome>>} */
const stages = {
  format: () => passes(bin('prettier'), ['--check', '--log-level', 'warn', '.']),
  lint: () => passes(bin('eslint'), ['--max-warnings=0', '.']),
  types,
  architecture,
  c,
  unit: () => vitest('unit'),
  integration: () => vitest('integration'),
  e2e,
};
const optional = { rabbitmq };
const all = { ...stages, ...optional };

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

await runAsScript(async () => {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !(name in all));
  if (unknown.length > 0) throw new SetupProblem(`There is no stage ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}.`);
  const chosen = named.length === 0 ? Object.keys(stages) : Object.keys(all).filter((name) => named.includes(name));

  const begun = Date.now();
  const { electron } = await setUp({ app: chosen.includes('e2e'), tests: true });
  const times = [`set-up ${seconds(begun)}`];
  mkdirSync(results, { recursive: true });

  const total = { passed: 0, failed: 0 };
  let broken = null;
  for (const name of chosen) {
    console.log(`\n── ${name}`);
    const since = Date.now();
    rmSync(report(name), { force: true });
    const { ok, passed, failed } = await all[name](electron);
    total.passed += passed;
    total.failed += failed;
    times.push(`${name} ${seconds(since)}`);
    if (ok) continue;
    broken = name;
    break;
  }
  console.log(`\n${times.join(' · ')}`);
  if (broken !== null) console.log(`The stage "${broken}" failed.`);
  console.log(`${total.passed} passed, ${broken === null ? 0 : Math.max(total.failed, 1)} failed`);
  return broken === null ? 0 : 1;
});
