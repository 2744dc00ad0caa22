import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordsHost, unwrap } from '../../../src-main/contract/index.ts';
import { readLog, type StoredLine, type Wanted } from '../../../src-main/log/index.ts';
import { birthmark } from '../../support/birthmark.ts';
import { TestPostgres } from '../../support/postgres.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

async function linesOf(dataDir: string, ids: Wanted['ids'] = {}): Promise<StoredLine[]> {
  const lines: StoredLine[] = [];
  for await (const line of readLog(dataDir, { level: 'debug', ids }, null)) lines.push(line);
  return lines;
}

describe('a unit that is provisioned on an officer’s word, with a central database', () => {
  let station: TestStation;
  let server: TestPostgres;
  let lines: StoredLine[];
  const said = (component: string): string[] => lines.filter((line) => line.component === component).map(({ msg }) => msg);

  beforeAll(async () => {
    station = await TestStation.tryOut(1, { logLevel: 'debug' });
    await station.call('sessions.close', {});
    await station.openSession({ profiles: ['device', 'server'], quota: 20 });
    const database = await station.call('servers.issue', { dns: ['db.example'], ips: ['127.0.0.1'], csr: null });
    await station.call('sessions.close', {});
    await station.openSession({ quota: 20 });
    const root = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
    server = await TestPostgres.start({ clientCaPem: root, serverPem: database.pem, serverKeyPem: database.keyPem ?? '' });
    await server.register(station, ['zeta']);
    await station.call('records.connect', { at: RecordsHost.parse({ host: '127.0.0.1', port: server.port }) });
    expect((await station.run(1)).state).toBe('PASS');
    await station.call('records.settle', { timeoutMs: 30_000 });
    const ended = station.waitFor('slot.changed', ({ run, state }) => run !== null && state !== 'RUNNING');
    await station.call('line.reprovision', { slot: 1 });
    const { device, state } = await ended;
    expect(state).toBe('PASS');
    await station.call('records.settle', { timeoutMs: 30_000 });
    await station.call('revocations.revoke', { selector: { device: device ?? '' }, reason: 'keyCompromise' });
    await station.call('publication.settle', {});
    await station.call('records.settle', { timeoutMs: 30_000 });
    await station.stop();
  });
  afterAll(async () => {
    await station.dispose();
    await server.stop();
  });

  const callOf = async (name: string): Promise<string> =>
    String(
      unwrap(
        (await linesOf(station.dataDir)).find(({ component, msg }) => component === 'call' && msg === name)?.['call'],
        `${name} is in the log`,
      ),
    );

  test('the id of the call finds its run, the signature, both databases and the publication', async () => {
    lines = await linesOf(station.dataDir, { call: await callOf('line.reprovision') });
    expect(said('run')).toEqual(expect.arrayContaining(['step identify', 'step certificate', 'step isolation', 'ended PASS']));
    expect(said('signer')).toEqual(['signed a certificate']);
    expect(said('issuance')).toEqual(['certificate recorded in the database']);
    expect(said('publication')).toContain('in force');
    expect(said('records')).toContain('certificate sent');
    const runs = new Set(lines.map((line) => line['run']).filter((run) => run !== undefined));
    expect(runs.size).toBe(1);
    const publication = String(lines.find(({ component }) => component === 'publication')?.['publication']);
    lines = await linesOf(station.dataDir, { publication });
    expect(said('publication')).toEqual(expect.arrayContaining(['in force on the broker host', 'in force']));
  });

  test('a run that a plugged unit began has the same lines under its own id', async () => {
    const begun = (await linesOf(station.dataDir)).find((line) => line['run'] !== undefined && line['call'] === undefined);
    lines = await linesOf(station.dataDir, { run: String(begun?.['run']) });
    for (const component of ['run', 'signer', 'issuance', 'publication', 'records'])
      expect([component, said(component).length > 0]).toEqual([component, true]);
  });

  test('a revocation is found from its word to its effect, with the call that asked for it and the list that has it', async () => {
    const call = await callOf('revocations.revoke');
    const recorded = (await linesOf(station.dataDir, { call })).find(({ component }) => component === 'revocation');
    lines = await linesOf(station.dataDir, { revocation: String(recorded?.['revocation']) });
    expect(said('revocation')).toEqual(['RECORDED', 'PUBLISHED', 'EFFECTIVE']);
    const publication = String(lines.find(({ msg }) => msg === 'EFFECTIVE')?.['publication']);
    lines = await linesOf(station.dataDir, { publication });
    expect(said('signer')).toContain('signed a revocation list');
  });

  test('a signature is a line only where details are asked for', async () => {
    const details = (await linesOf(station.dataDir)).filter(({ msg }) => msg === 'signed a certificate');
    expect(details.map(({ level }) => level)).toEqual(details.map(() => 'debug'));
  });
});

describe('a service with faults', () => {
  let station: TestStation;
  beforeAll(async () => {
    station = await TestStation.tryOut(1, { entry: resolve('test/support/faulty-station.ts'), broker: false, line: 'off' });
  });
  afterAll(() => station.dispose());

  test('the id of an INTERNAL answer finds the stack of the bug and of its cause', async () => {
    const failure = await failureOf(station.call('orders.list', {}));
    expect(failure.code).toBe('INTERNAL');
    const call = async (): Promise<string> => {
      const { stdout } = await birthmark(['log', '--bug', String(failure.params['id']), '--data', station.dataDir]);
      return stdout;
    };
    await expect
      .poll(call, { timeout: 30_000 })
      .toMatch(/TypeError: orders is not a list\n.*faulty-station\.ts[\s\S]*caused by RangeError: below zero\n.*faulty-station\.ts/u);
  });

  test('what caused a failure is in the log with its stack, and not in the answer', async () => {
    const failure = await failureOf(station.call('orders.choose', { id: 'cause' }));
    expect(failure.code).toBe('DISK_FULL');
    await expect
      .poll(() => station.log.join('\n'))
      .toMatch(/orders\.choose failed: Failure: [\s\S]*caused by Error: no space left on device\n.*faulty-station\.ts/u);
  });

  test('what a service prints is a line, without the secret that it was called with', async () => {
    await station.call('operators.signIn', { name: 'Officer', password: 'Zq7%Kw-password' });
    await expect.poll(() => station.log).toContain('library: login of Officer with [hidden]');
  });

  test('a bug that nobody catches is in the log with its stack, and the service is started again', async () => {
    const up = station.waitFor('service.changed', ({ state }) => state === 'up');
    await failureOf(station.call('orders.choose', { id: 'uncaught' }));
    await up;
    expect(station.log.join('\n')).toMatch(/nobody caught: Error: nobody waits for this\n.*faulty-station\.ts/u);
  });
});

test('a log that cannot be written is said once, and the station works', async () => {
  const dataDir = TestStation.folder();
  writeFileSync(join(dataDir, 'log'), 'no folder');
  const station = await TestStation.tryOut(1, { dataDir });
  expect((await station.run(1)).state).toBe('PASS');
  expect(station.log.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
  await station.dispose();
});

describe('birthmark log', () => {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-log-'));
  const data = join(dir, 'station');
  const run = (...args: string[]): ReturnType<typeof birthmark> => birthmark([...args, '--data', data]);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('shows what the commands did, as text and as JSON Lines, and says what it does not take', async () => {
    expect(await run('log')).toMatchObject({ code: 3, stdout: '' });
    expect((await run('demo')).code).toBe(0);
    const text = await run('log');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/Z {2}info {3}run {10}ended PASS/u);
    const json = (await run('log', '--json')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as StoredLine);
    expect(json).toHaveLength(text.stdout.split('\n').filter((line) => /^\d{4}-/u.test(line)).length);
    const { run: id } = unwrap(
      json.find((line) => line.msg === 'ended PASS'),
      'a unit passed',
    );
    const ofRun = (await run('log', '--run', String(id), '--json')).stdout.trimEnd().split('\n');
    expect(ofRun.every((line) => (JSON.parse(line) as StoredLine)['run'] === id)).toBe(true);
    expect((await run('log', '--level', 'loud')).code).toBe(2);
    expect(statSync(join(data, 'log', 'station.log')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(data, 'log', 'station.log'), 'utf8')).not.toContain('PRIVATE KEY');
  });

  test('a level that is none is refused before anything starts', async () => {
    const { code, stderr } = await birthmark(['status', '--data', data], { env: { BIRTHMARK_LOG_LEVEL: 'loud' } });
    expect({ code, named: stderr.includes('BIRTHMARK_LOG_LEVEL') }).toEqual({ code: 2, named: true });
  });
});
