import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadIdentity } from '../../../src-main/station/setup/index.ts';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
afterAll(() => station.dispose());

test('a device whose certificate comes to its end is told so on its own topic, once; the command line names it', async () => {
  station = await TestStation.tryOut(1);
  const { device } = await station.run(1);
  const root = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem');
  await station.stop();
  const db = new Database(join(station.dataDir, 'station.db'));
  const notAfter = new Date(Date.now() + 6.5 * 86_400_000).toISOString();
  db.prepare('UPDATE certificates SET not_after = ? WHERE device = ?').run(notAfter, device);
  db.close();

  const hear = async (): Promise<{ payloads: unknown[]; close: () => Promise<void> }> => {
    const { port } = (await station.call('broker.status', {})) ?? { port: 0 };
    const endpoint = { host: '127.0.0.1', port, serverName: 'localhost', serverCaPem: root?.pem ?? '' };
    const connection = await connectAs(endpoint, loadIdentity(station.dataDir, 'observer'));
    const payloads: unknown[] = [];
    connection.onMessage(({ topic, payload }) => {
      if (topic === `tenant/acme/device/${(device ?? '').split('/')[1] ?? ''}/certificates/renewal-required`)
        payloads.push(JSON.parse(Buffer.from(payload).toString()));
    });
    await connection.subscribe('tenant/#');
    return { payloads, close: () => connection.close() };
  };
  await station.reopen();
  const first = await hear();
  await expect
    .poll(() => first.payloads)
    .toEqual([{ serial_number: expect.stringMatching(/^[0-9A-F]{40}$/u) as string, expires_at: notAfter, days_remaining: 6 }]);
  await first.close();
  const { rows } = await station.call('certificates.expiring', { days: 7 });
  expect(rows).toMatchObject([{ device, daysLeft: 6, notAfter }]);
  expect(rows[0]?.toldAt).not.toBeNull();

  await station.stop();
  const ask = (...options: string[]): ReturnType<typeof birthmark> =>
    birthmark(['certificates', 'expiring', '--data', station.dataDir, ...options]);
  expect(jsonOf(await ask('--json'))).toMatchObject({ total: 1, rows: [{ device, daysLeft: 6 }] });
  expect((await ask('--days', '7', '--check')).code).toBe(1);
  expect((await ask('--days', '5', '--check')).code).toBe(0);
  expect((await ask('--days', '7')).code).toBe(0);
  expect((await ask('--days', '0')).code).toBe(2);
});
