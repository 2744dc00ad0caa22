import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src-main/station/clock.ts';
import { openRegistry, type Registry } from '../../../src-main/station/registry/index.ts';
import { TestRecords, recordsName } from '../../support/records.ts';
import { TestRegistry } from '../../support/registry.ts';

/** kill -9 of the station, of PostgreSQL’s backend that serves it and of PostgreSQL itself, at random moments, while the station records and sends. */
let records: TestRecords;
let made: TestRegistry;
let child: ChildProcess | null = null;

beforeAll(async () => {
  records = await TestRecords.start(['aaaa0001']);
  made = new TestRegistry();
  const [login] = records.logins;
  if (login === undefined) throw new Error('a login was made');
  made.registry.records.use(recordsName, login.at, 'test');
  await records.register(made.registry, login, 'acme');
  made.registry.close();
  // What every row ever was, in the order in which it was committed.
  await records.server.query(`
    CREATE TABLE history (n bigserial, issuer text, serial text, status birthmark.record_status, kind text);
    CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN INSERT INTO public.history (issuer, serial, status, kind) VALUES (NEW.issuer, NEW.serial_number, NEW.status, TG_OP); RETURN NULL; END $$;
    CREATE TRIGGER remember AFTER INSERT OR UPDATE ON birthmark.device_certificates FOR EACH ROW EXECUTE FUNCTION remember()`);
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await records.server.stop();
  made.dispose();
});

const login = (): unknown => records.logins[0];

async function startChild(): Promise<void> {
  const started = spawn(process.execPath, [resolve('test/support/records-child.ts')], {
    env: { ...process.env, BIRTHMARK_TEST_RECORDS: JSON.stringify({ dir: made.dir, login: login() }) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child = started;
  await once(started.stdout, 'data');
}

async function killChild(): Promise<void> {
  if (child === null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

const rows = async (text: string): Promise<string[]> =>
  (await records.server.query(text)).map((row) => Object.values(row).join(' ')).sort();
const here = (registry: Registry, text: string): string[] =>
  registry.store.db
    .prepare<unknown[], Record<string, unknown>>(text)
    .all()
    .map((row) => Object.values(row).join(' '))
    .sort();

test('after 52 kills every record is there once and as far on as it ever was: nothing lost, nothing doubled, nothing undone', async () => {
  const kills = { station: 0, backend: 0, server: 0 };
  await startChild();
  while (kills.station + kills.backend + kills.server < 52) {
    await wait(Math.random() * 120);
    const dice = kills.station + kills.backend + kills.server;
    // A station takes the longest to come back.
    if (dice % 5 === 0) {
      await killChild();
      kills.station++;
      await startChild();
    } else if (dice % 13 === 1) {
      await records.server.kill();
      kills.server++;
      await records.server.run();
    } else if (await records.server.killBackend()) kills.backend++;
  }
  expect(kills.station).toBeGreaterThan(9);
  expect(kills.backend).toBeGreaterThan(30);
  const finished = child;
  finished?.stdin?.write('finish\n');
  await once(finished as ChildProcess, 'exit');
  expect(finished?.exitCode).toBe(0);

  const registry = openRegistry(made.dir, systemClock);
  try {
    expect(await rows('SELECT serial_number, status, fingerprint_sha256 FROM birthmark.device_certificates')).toEqual(
      here(registry, `SELECT serial, status, coalesce(fingerprint, '') FROM certificates WHERE status <> 'RESERVED'`),
    );
    expect(await rows(`SELECT tenant_id || '/' || device_id, hardware_id, state, proof_level FROM birthmark.devices`)).toEqual(
      here(registry, 'SELECT device, hardware_id, state, proof_level FROM devices'),
    );
    expect(await rows(`SELECT fingerprint_sha256, alert_key FROM birthmark.alerts WHERE kind = 'CERT_EXPIRING'`)).toEqual(
      here(
        registry,
        `SELECT c.fingerprint, 'CERT_EXPIRING/' || c.fingerprint || '/' || n.days FROM notices n JOIN certificates c ON c.serial = n.serial`,
      ),
    );
    expect(await rows('SELECT crl_number, sha256 FROM birthmark.crl_publications')).toEqual(
      here(registry, 'SELECT number, sha256 FROM crls WHERE published_at IS NOT NULL ORDER BY number DESC LIMIT 1'),
    );
    expect(registry.records.waiting(recordsName)).toEqual({ waiting: 0, oldest: null });
    expect(registry.records.problems({ limit: 10 })).toEqual({ total: 0, rows: [], next: null });
    const checkpoints = await records.server.query<{ seq: string; hash: string }>('SELECT seq, hash FROM birthmark.audit_checkpoints');
    expect(checkpoints.length).toBeGreaterThan(2);
    expect(checkpoints.filter(({ seq, hash }) => registry.records.checkpointAt(Number(seq))?.hash !== hash)).toEqual([]);
    const certificates = here(registry, `SELECT 1 FROM certificates WHERE status <> 'RESERVED'`).length;
    expect(certificates).toBeGreaterThan(300);
    expect(await rows(`SELECT kind, count(*) FROM history GROUP BY kind HAVING kind = 'INSERT'`)).toEqual([
      `INSERT ${String(certificates)}`,
    ]);
  } finally {
    registry.close();
  }
  expect(
    await rows(
      `SELECT serial FROM (SELECT serial, status, lag(status) OVER (PARTITION BY issuer, serial ORDER BY n) AS before FROM history) h WHERE status < before`,
    ),
  ).toEqual([]);
});
