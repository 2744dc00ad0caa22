import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../../support/api.ts';
import { freePort } from '../../support/raw-mosquitto.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

const monitoring = resolve('resources/monitoring');
const folder = mkdtempSync(join(tmpdir(), 'birthmark-prometheus-'));
let station: TestStation;
let target: string;
let prometheus: ChildProcess;
let asked: string;

beforeAll(async () => {
  station = await TestStation.tryOut(1);
  await station.call('backups.create', {});
  const { port } = await station.call('http.listen', { name: 'metrics', port: 0, tls: false, serves: ['metrics'] });
  target = `127.0.0.1:${String(port)}`;
  const listen = await freePort();
  asked = `http://127.0.0.1:${String(listen)}/api/v1`;
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(monitoring, 'rules.yml')],
    scrape_configs: [{ job_name: 'birthmark', static_configs: [{ targets: [target] }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  prometheus = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(listen)}`,
    ],
    { stdio: 'ignore' },
  );
});
afterAll(async () => {
  const ended = once(prometheus, 'exit');
  prometheus.kill();
  await ended;
  await station.dispose();
  rmSync(folder, { recursive: true, force: true });
});

interface Sample {
  readonly metric: Record<string, string>;
  readonly value: [number, string];
}

/** What Prometheus answers, once it has something. */
async function query(expression: string): Promise<Sample[]> {
  const samples = async (): Promise<Sample[]> => {
    const response = await fetch(`${asked}/query?query=${encodeURIComponent(expression)}`).catch(() => null);
    const { data } = ((await response?.json()) ?? {}) as { data?: { result: Sample[] } };
    return data === undefined || data.result.some(({ value }) => value[1] === 'NaN') ? [] : data.result;
  };
  let found: Sample[] = [];
  await expect.poll(async () => (found = await samples()).length, { message: expression }).toBeGreaterThan(0);
  return found;
}

test('the alert rules are rules, and each fires at its bound and not before', () => {
  execFileSync('promtool', ['check', 'rules', join(monitoring, 'rules.yml')], { stdio: 'pipe' });
  execFileSync('promtool', ['test', 'rules', 'rules.test.yml'], { cwd: monitoring, stdio: 'pipe' });
});

test('what the station measures is as Prometheus wants it, with the numbers of the station', async () => {
  const unit = await station.run(1, { hardwareId: 'metrics-1' });
  expect(unit.state).toBe('PASS');
  const text = await (await fetch(`http://${target}/metrics`)).text();
  // Warnings of its linter are failures here.
  expect(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('');
  const { total } = await station.call('certificates.list', { use: 'device', limit: 1 });
  expect(text).toContain(`birthmark_certificates_issued_total{use="device"} ${String(total)}\n`);
  expect(text).toMatch(/birthmark_runs_total\{profile="[\w-]+",verdict="PASS"\} 1\n/u);
  expect(text).toMatch(/birthmark_broker_up 1\n/u);
  const { crl, session } = await station.call('station.status', {});
  expect(text).toContain(`birthmark_crl_number ${String(crl?.number)}\n`);
  expect(text).toContain(`birthmark_session_quota_left ${String((session?.quota ?? 0) - (session?.used ?? 0))}\n`);
});

test('every panel of the dashboard has data from a station at work, and every rule can be evaluated', async () => {
  const { panels } = JSON.parse(readFileSync(join(monitoring, 'dashboard.json'), 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  await query('birthmark_runs_total');
  // Rates need a change that was seen.
  await station.unplug(1);
  await station.run(1, { hardwareId: 'metrics-2' });
  await query('birthmark_runs_total{verdict="PASS"} > 1');
  for (const { title, targets } of panels)
    for (const { expr } of targets)
      expect(await query(expr), title).toContainEqual(expect.objectContaining({ value: [expect.anything(), expect.any(String)] }));
  const { data } = (await (await fetch(`${asked}/rules`)).json()) as { data: { groups: { rules: { name: string; health: string }[] }[] } };
  expect(data.groups.flatMap(({ rules }) => rules).map(({ health }) => health)).not.toContain('err');
});

test('other computers get metrics with TLS and an access key only', async () => {
  const plain = { name: 'wide', host: '0.0.0.0', port: 0, tls: false, serves: ['metrics' as const] };
  expect(await failureOf(station.call('http.listen', plain))).toMatchObject({ code: 'INVALID_INPUT', params: { field: 'tls' } });
  const api = await TestApi.of(station, ['metrics']);
  expect((await api.send('/metrics', { key: null })).json).toMatchObject({ status: 401, code: 'CALLER_UNKNOWN' });
  expect((await api.send('/metrics', { key: await api.keyFor('prometheus', 'support') })).body).toContain('birthmark_broker_up');
});
