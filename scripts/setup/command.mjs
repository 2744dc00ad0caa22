import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter } from 'node:path';
import { inRoot, root } from './paths.mjs';
import { SetupProblem } from './say.mjs';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Without the project's own bin folder: `npm ci` removes it while it runs. */
export const machinePath = () =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== inRoot('node_modules', '.bin'))
    .join(delimiter);

const keptBytes = 4000;

/**
 * One step of the set-up. What it prints is shown only when it fails.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{env?: Record<string, string>, cwd?: string, hint?: string, timeoutMs?: number, onOutput?: (text: string) => void}} [options]
 *   onOutput: hears what it prints, in pieces
 * @returns {Promise<void>} rejects with a SetupProblem that names the command and has its last words when it fails
 */
export async function step(program, args, options = {}) {
  const env = { ...process.env, PATH: machinePath(), ...options.env };
  const child = spawn(program, args, { cwd: options.cwd ?? root, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: options.timeoutMs });
  let lastWords = '';
  const hear = (chunk) => {
    lastWords = `${lastWords}${chunk}`.slice(-keptBytes);
    options.onOutput?.(String(chunk));
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const failure = await new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('close', (code, signal) => done(code === 0 ? null : signal === null ? `exit code ${code}` : `ended by ${signal}`));
  });
  if (failure === null) return;
  const command = [program, ...args].join(' ');
  throw new SetupProblem([lastWords.trim(), `"${command}" failed: ${failure}.`, options.hint ?? ''].filter(Boolean).join('\n'));
}

/**
 * Runs a program in this one's place: same terminal, signals passed on, same exit code.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{env?: NodeJS.ProcessEnv, cwd?: string}} [options]
 * @returns {Promise<number>} the exit code; 128 + signal number when a signal ended it, as shells have it
 */
export async function inPlace(program, args, options = {}) {
  const child = spawn(program, args, { stdio: 'inherit', env: options.env ?? process.env, cwd: options.cwd });
  const pass = (signal) => child.kill(signal);
  for (const signal of forwarded) process.on(signal, pass);
  try {
    return await new Promise((done, fail) => {
      child.once('error', fail);
      child.once('exit', (code, signal) => done(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    for (const signal of forwarded) process.off(signal, pass);
  }
}
