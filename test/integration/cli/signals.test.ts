import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { birthmark, commandLine, jsonOf } from '../../support/birthmark.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-signals-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Every process whose command line or working files name this folder, and all that descend from `root`. */
function processesOf(root: number, folder: string): number[] {
  const found = new Set([root]);
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map((name) => ({ pid: Number(name), ...aboutProcess(name) }));
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const { pid, parent, words } of all) if (found.has(parent) || words.includes(folder)) found.add(pid);
  }
  found.delete(root);
  return [...found];
}

function aboutProcess(pid: string): { parent: number; words: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return { parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), words: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
  } catch {
    return { parent: -1, words: '' };
  }
}

const alive = (pid: number): boolean => {
  try {
    // A zombie has ended; whoever adopted it has only not looked yet.
    return !/\) Z /u.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

interface Demo {
  readonly child: ChildProcess;
  readonly data: string;
  readonly pid: number;
  stdout: string;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

/** A demo that would go on for long, in a process group of its own like in a terminal; resolves when units are being made. */
async function demoAtWork(name: string): Promise<Demo> {
  const data = join(dir, name);
  const child = spawn(process.execPath, [commandLine, 'demo', '--units', '500', '--parallel', '3', '--data', data, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) =>
    child.once('close', (code, signal) => done({ code, signal })),
  );
  const demo: Demo = { child, data, pid: child.pid ?? 0, stdout: '', ended };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (demo.stdout += text));
  await new Promise<void>((done, failed) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (/^slot \d+: \S+ PASS/mu.test(text)) done();
    });
    void ended.then(() => failed(new Error('the demo ended before a unit passed')));
  });
  return demo;
}

/** Nothing is left open: what is SIGNED waits for its proof, which a unit does whose broker went first. */
async function isInOrder(data: string): Promise<void> {
  const ask = async (...args: string[]): Promise<Record<string, unknown>> => jsonOf(await birthmark([...args, '--data', data, '--json']));
  expect(await ask('doctor')).toMatchObject({ verdict: 'PASS' });
  const { notVerified } = await ask('status');
  expect(await ask('certificates', 'list', '--status', 'SIGNED')).toMatchObject({ total: notVerified });
  expect(await ask('certificates', 'list', '--status', 'RESERVED')).toMatchObject({ total: 0 });
}

test.each([
  ['Ctrl-C in a terminal, which every process hears', 'SIGINT', -1, 130],
  ['SIGTERM to the command', 'SIGTERM', 1, 143],
] as const)('%s ends a run in good order, with one JSON object and nothing left behind', async (_, signal, group, code) => {
  const demo = await demoAtWork(signal);
  const others = processesOf(demo.pid, demo.data);
  // Station, signer and broker at least.
  expect(others.length).toBeGreaterThanOrEqual(3);
  process.kill(group * demo.pid, signal);
  expect(await demo.ended).toEqual({ code, signal: null });
  expect(jsonOf({ code, stdout: demo.stdout, stderr: '' })).toMatchObject({ verdict: 'FAIL', error: { code: 'CANCELLED' } });
  expect(others.filter(alive)).toEqual([]);
  await isInOrder(demo.data);
});

test('kill -9 of the command: the services see it, end by themselves and take broker and units with them', async () => {
  const demo = await demoAtWork('SIGKILL');
  const others = processesOf(demo.pid, demo.data);
  // It took a PIN: it leaves no core file.
  expect(readFileSync(`/proc/${String(demo.pid)}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /mu);
  process.kill(demo.pid, 'SIGKILL');
  expect((await demo.ended).signal).toBe('SIGKILL');
  await expect.poll(() => others.filter(alive), { interval: 100 }).toEqual([]);
  await isInOrder(demo.data);
});

test('whoever reads may leave early: no stack trace, and the command’s own exit code', async () => {
  const child = spawn(process.execPath, [commandLine, 'help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise((done) => child.once('close', done));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
