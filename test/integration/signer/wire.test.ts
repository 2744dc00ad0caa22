import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calls, signerCalls } from '../../../src-main/contract/index.ts';
import { childProcessServices, type ServiceProcess } from '../../../src-main/service-host/index.ts';
import { makeTokenFolder } from '../../support/token.ts';

/* The signer as a process, spoken to by whoever is at the other end of its channel. */
const dir = mkdtempSync(join(tmpdir(), 'birthmark-wire-'));
const folder = makeTokenFolder();
const guard = join(process.cwd(), 'build/process-guard/process-guard.node');
const person = { face: 'window', connection: 'c', credential: null };
let signer: ServiceProcess;
const exits: string[] = [];
const answers = new Map<number, (outcome: unknown) => void>();
let lastId = 0;
const raw = (message: unknown): void => {
  signer.send(message as Parameters<ServiceProcess['send']>[0]);
};

async function call(name: unknown, input: unknown, origin: unknown = null): Promise<unknown> {
  const id = ++lastId;
  const answer = new Promise((resolve) => answers.set(id, resolve));
  raw({ kind: 'call', id, name, input, origin, ids: {} });
  return answer;
}
const refused = { ok: false, error: { code: 'INVALID_INPUT' } };

beforeAll(async () => {
  const entry = join(process.cwd(), 'out/services/signer.cjs');
  signer = childProcessServices({ entry: { signer: entry, station: entry }, execPath: process.execPath, onOutput: () => undefined })(
    'signer',
  );
  signer.onExit((how) => exits.push(how));
  const ready = new Promise<void>((resolve) => {
    signer.onMessage((message) => {
      const { kind, id, outcome } = message as { kind: string; id: number; outcome: unknown };
      if (kind === 'ready') resolve();
      if (kind === 'result') answers.get(id)?.(outcome);
    });
  });
  raw({ kind: 'start', config: { dataDir: dir, pinPad: null, guard }, logLevel: 'error' });
  await ready;
  expect(await call('module.use', { module: folder.module, watch: null })).toMatchObject({ ok: true });
});
afterAll(() => {
  signer.kill();
  folder.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** Values that no call takes; those that a channel carries as a whole message are fewer. */
const messages = [null, 0, -1, NaN, '', 'null', true, [], [null], new Date(0), new Map(), new Uint8Array(3)];
const inputs = [null, undefined, 0, -1, NaN, '', 'null', true, [], [null], new Uint8Array(3), 2n];

describe('what a process that sees PINs leaves behind', () => {
  const coreFiles = (pid: number | undefined): string =>
    /^Max core file size +(\S+ +\S+)/mu.exec(readFileSync(`/proc/${String(pid)}/limits`, 'utf8'))?.[1] ?? '';

  it('is no core file', () => {
    expect(coreFiles(signer.pid)).toMatch(/^0 +0$/u);
  });

  it('and no memory that another program of its user could read', async () => {
    // What belongs to a process that may not be dumped belongs to root: seen by a user who is not.
    const script = `const m = { exports: {} }; if (process.argv[1] === 'guarded') process.dlopen(m, ${JSON.stringify(guard)}); process.stdout.write('x'); process.stdin.on('data', () => process.exit())`;
    const as = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    for (const [word, mine] of [
      ['plain', true],
      ['guarded', false],
    ] as const) {
      const child = spawn(process.execPath, ['-e', script, word], { ...as, stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      expect(statSync(`/proc/${String(child.pid)}/environ`).uid !== 0).toBe(mine);
      child.stdin.end('x');
      await ended;
    }
  });
});

describe('a message that is none', () => {
  it.each<[string, unknown]>([
    ...messages.map((value): [string, unknown] => [inspect(value), value]),
    ['an object of no kind', {}],
    ['a kind that is none', { kind: 'constructor' }],
    ['a kind that is no text', { kind: { toString: 'x' } }],
    ['a call without an id', { kind: 'call', name: 'token.state', input: {}, origin: null, ids: {} }],
    ['a call whose id is an object', { kind: 'call', id: {}, name: 'token.state', input: {}, origin: null, ids: {} }],
    ['a call without a name', { kind: 'call', id: 1, input: {}, origin: null, ids: {} }],
    ['a call from nowhere', { kind: 'call', id: 1, name: 'token.state', input: {}, ids: {} }],
    ['a call under ids that are none', { kind: 'call', id: 1, name: 'token.state', input: {}, origin: null, ids: [null] }],
    ['an answer to nothing', { kind: 'peer-result', id: 1, outcome: null }],
    ['an event that is none', { kind: 'peer-event', name: 7, payload: null }],
  ])('%s: the signer goes on', async (_, message) => {
    raw(message);
    expect(await call('token.state', {})).toMatchObject({ ok: true, value: { state: 'none' } });
    expect(exits).toEqual([]);
  });
});

describe('a call that is none', () => {
  it.each(['', 'toString', '__proto__', 'constructor', 'sign.digest', 'station.status', 'module.use\0'])('%j', async (name) => {
    expect(await call(name, {})).toMatchObject(refused);
  });

  const named = Object.keys(signerCalls);
  it.each(named)('%s, with what is no object', async (name) => {
    for (const input of inputs) expect(await call(name, input)).toMatchObject(refused);
    expect(exits).toEqual([]);
  });
});

describe('who makes a call', () => {
  const requestId = randomUUID();
  const persons = Object.entries(calls).filter(([, { service }]) => service === 'signer');

  it('a PIN comes from a person, never from the station', async () => {
    expect(persons.map(([name]) => name).sort()).toEqual(['pin.cancel', 'pin.enter', 'pin.onDevice', 'pin.terms']);
    for (const [name] of persons) {
      const input = name === 'pin.enter' ? { requestId, pin: Buffer.from('482916') } : { requestId };
      expect(await call(name, input)).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT', params: { field: 'call' } } });
      expect(await call(name, input, person)).toMatchObject({ ok: false, error: { code: 'PIN_REQUEST_UNKNOWN' } });
    }
  });

  it('and nothing is asked of the token by a person', async () => {
    expect(await call('token.list', {}, person)).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT', params: { field: 'call' } } });
    expect(await call('token.list', {})).toMatchObject({ ok: true });
  });
});
