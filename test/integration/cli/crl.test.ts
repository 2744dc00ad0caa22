import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tryOutPin } from '../../../src-main/contract/index.ts';
import { birthmark, jsonOf, type CliResult } from '../../support/birthmark.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { TestCa } from '../../support/pki.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-crl-cli-'));
const data = join(dir, 'station');
const pin = join(dir, 'pin');
const crl = (...args: readonly string[]): Promise<CliResult> => birthmark(['crl', ...args, '--data', data]);
const read = async (...args: readonly string[]): Promise<Record<string, unknown>> => jsonOf(await crl(...args, '--json'));
let ca: TestCa;

beforeAll(async () => {
  writeFileSync(pin, tryOutPin);
  const init = await birthmark([
    'init',
    '--data',
    data,
    '--pin-file',
    pin,
    '--crl-partitions',
    '2',
    '--crl-url',
    'http://crl.test.example',
  ]);
  expect(init.code, init.stderr).toBe(0);
  const published = await crl('publish', '--pin-file', pin);
  expect(published.code, published.stderr).toBe(0);
  ca = new TestCa('Somebody');
}, 60_000);
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

test('the history names every list of every partition; a broker had all of them', async () => {
  const { rows } = (await read('list')) as { rows: { number: number; partition: number; publishedAt: string | null }[] };
  expect(rows.map(({ number, partition }) => `${String(partition)} #${String(number)}`).sort()).toEqual(['0 #1', '0 #2', '1 #1', '1 #2']);
  expect(rows.every(({ publishedAt }) => publishedAt !== null)).toBe(true);
  const text = (await crl('list')).stdout;
  expect(text).toMatch(/^ISSUER +PARTITION +NUMBER +THIS UPDATE +NEXT UPDATE +ENTRIES +ADDED +DROPPED +PUBLISHED\n/u);
});

test('the difference of two lists says what came in and why', async () => {
  const [zero, one] = [await read('diff', '0', '2'), await read('diff', '0', '2', '--partition', '1')];
  // The revoked canary is in one of the two.
  expect([zero['added'], one['added']].flat()).toMatchObject([{ number: 1, reason: 'cessationOfOperation' }]);
  expect((await crl('diff', '2')).stdout).toContain('nothing came in and nothing left');
  expect(await read('diff', '1', '9')).toMatchObject({ error: { code: 'NOT_FOUND' } });
  for (const bad of [
    ['diff', 'x'],
    ['diff', '1', '2', '3'],
  ])
    expect((await crl(...bad)).code).toBe(2);
});

test('a list of the history is written to a file, and checked', async () => {
  const work = new WorkFolder();
  const [pem, der] = [work.path('one.pem'), work.path('one.crl')];
  expect((await crl('export', '1', '--partition', '1', '--out', pem)).code).toBe(0);
  expect((await crl('export', '1', '--partition', '1', '--out', der)).code).toBe(0);
  expect(work.openssl('crl', '-in', 'one.pem', '-noout', '-crlnumber').text).toContain('crlNumber=0x01');
  expect(work.bytes('crl', '-in', 'one.pem', '-outform', 'DER')).toEqual(readFileSync(der));
  for (const file of [pem, der]) {
    const verified = await crl('verify', file, '--json');
    expect(verified.code, verified.stdout).toBe(0);
    const uri = expect.stringMatching(/^http:\/\/crl\.test\.example\/crl\/device-\w+\/1\.crl$/u) as string;
    expect(jsonOf(verified)).toMatchObject({ verdict: 'PASS', crls: [{ number: '1', uri, problems: [] }] });
  }
  const damaged = readFileSync(der);
  damaged[damaged.length - 20] = (damaged[damaged.length - 20] ?? 0) ^ 1;
  writeFileSync(der, damaged);
  const bad = await crl('verify', der, '--json');
  expect({ code: bad.code, ...jsonOf(bad) }).toMatchObject({
    code: 1,
    verdict: 'FAIL',
    crls: [{ problems: ['its signature is not by any CA of this station'] }],
  });
  work.remove();
});

test('a CRL of anybody is shown and checked against its CA, without a station', async () => {
  const file = join(dir, 'foreign.pem');
  writeFileSync(join(dir, 'ca.pem'), ca.certificatePem);
  const revoked = ca.issue('x').serial;
  writeFileSync(
    file,
    `# two lists\n${ca.crl({ number: 0xabcdef, revoked: [revoked] })}${ca.crl({ number: 2, nextUpdate: new Date(Date.now() - 1000), thisUpdate: new Date(Date.now() - 9000) })}`,
  );
  const shown = await birthmark(['crl', 'show', file, '--json']);
  expect(shown.code, shown.stderr).toBe(0);
  expect(jsonOf(shown)).toMatchObject({
    crls: [
      { issuer: 'CN=Somebody', number: '11259375', entries: 1, sample: [{ serial: revoked, reason: 'keyCompromise' }] },
      { number: '2', entries: 0 },
    ],
  });
  const verified = await birthmark(['crl', 'verify', file, '--ca', join(dir, 'ca.pem'), '--json']);
  expect(verified.code).toBe(1);
  expect(jsonOf(verified)).toMatchObject({ crls: [{ problems: [] }, { problems: [expect.stringContaining('it ended ')] }] });
});

test.each([
  ['text', 'hello\n', 'CRL_FILE_INVALID'],
  ['nothing', '', 'CRL_FILE_INVALID'],
  ['PEM cut off', '-----BEGIN X509 CRL-----\nMIIB\n', 'CRL_FILE_INVALID'],
  ['PEM of something else', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', 'CRL_FILE_INVALID'],
  ['lengths beyond the file', Buffer.from('3084ffffffff30840fffffff', 'hex'), 'CRL_FILE_INVALID'],
])('%s is refused by name', async (_, content, code) => {
  const file = join(dir, 'hostile');
  writeFileSync(file, content);
  const shown = await birthmark(['crl', 'show', file, '--json']);
  expect(jsonOf(shown)).toMatchObject({ error: { code } });
});

test('the time that a list is good can be as short as two hours, with a warning', async () => {
  const short = await crl('set-hours', '2');
  expect(short.code).toBe(0);
  expect(short.stdout).toContain('After 1 missed renewals, one more hour without a signature locks out every device of the issuer.');
  expect((await crl('set-hours', '1')).code).toBe(2);
  const published = await crl('publish', '--pin-file', pin, '--json');
  const { rows } = jsonOf(published) as { rows: { thisUpdate: string; nextUpdate: string; number: number }[] };
  expect(Date.parse(rows[0]?.nextUpdate ?? '') - Date.parse(rows[0]?.thisUpdate ?? '')).toBe(2 * 3_600_000);
  const above = await read('publish', '--above', '40', '--pin-file', pin);
  expect(above).toMatchObject({ rows: expect.arrayContaining([expect.objectContaining({ number: 41 })]) as unknown });
  // The number that was passed over is told until the next list.
  const status = jsonOf(await birthmark(['status', '--data', data, '--json'])) as { alarms: { failure: { code: string } }[] };
  expect(status.alarms.map(({ failure }) => failure.code)).toContain('CRL_GAP');
});
