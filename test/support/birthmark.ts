import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where these tests’ sign-ins are kept: never among those of whoever runs them. */
process.env['XDG_STATE_HOME'] = join(tmpdir(), 'birthmark-state');

/** What `birthmark` runs. */
export const commandLine = resolve('out/cli/birthmark.mjs');

/** Runs `birthmark`. Standard input is closed unless text is given for it. */
export function birthmark(
  args: readonly string[],
  { input, env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [commandLine, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  return new Promise((ended) => child.once('close', (code) => ended({ code, stdout, stderr })));
}

const Envelope = z
  .object({ verdict: z.enum(['PASS', 'FAIL', 'PENDING']), result: z.looseObject({}).nullable(), error: z.looseObject({}).nullable() })
  .strict();

/**
 * What is in the one JSON object that `--json` prints: the result, with the verdict beside it, and the error where there is one.
 * Anything else on standard output is an error, and so is a verdict that the exit code does not bear out.
 */
export function jsonOf({ code, stdout, stderr }: CliResult): Record<string, unknown> {
  const lines = stdout.split('\n');
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`not one line of JSON: ${stdout}\n${stderr}`);
  const { verdict, result, error } = Envelope.parse(JSON.parse(lines[0] ?? ''));
  // A result that is printed at once says PENDING however the command ends later.
  if (verdict !== 'PENDING' && verdict !== (code === 0 ? 'PASS' : code === 8 ? 'PENDING' : 'FAIL'))
    throw new Error(`${verdict} with exit code ${String(code)}`);
  return { ...result, verdict, ...(error === null ? {} : { error }) };
}
