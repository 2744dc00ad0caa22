import { chmodSync, existsSync, truncateSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
beforeEach(() => {
  station = new TestStation();
});
afterEach(() => station.dispose());

test('a second station on the same folder is refused and names the first; the first goes on', async () => {
  await station.call('station.tryOut', { slots: 1, plug: false });
  const second = new TestStation({ dataDir: station.dataDir });
  for (const call of ['station.status', 'line.slots', 'doctor.run'] as const) {
    await expect(second.call(call, {})).rejects.toMatchObject({
      code: 'DATA_IN_USE',
      params: { pid: String(station.pid('station')), path: station.dataDir },
    });
  }
  await second.stop();
  expect(await station.run(1)).toMatchObject({ state: 'PASS' });
  // The lock goes with the process, however that ends.
  await station.kill('station');
  expect((await station.call('station.status', {})).phase).toBe('ready');
});

test('a damaged station says so to every call, and a new set-up does not take its place', async () => {
  await station.call('station.tryOut', { slots: 1, plug: false });
  await station.stop();
  truncateSync(join(station.dataDir, 'station.db'), 0);
  rmSync(join(station.dataDir, 'station.db-wal'), { force: true });
  await station.reopen();
  const damaged = { code: 'DATA_DAMAGED', params: { path: join(station.dataDir, 'station.db') } };
  await expect(station.call('station.status', {})).rejects.toMatchObject(damaged);
  await expect(station.call('station.tryOut', {})).rejects.toMatchObject(damaged);
  expect(existsSync(join(station.dataDir, 'secrets', 'observer.key.pem'))).toBe(true);
});

test('a station whose database is gone is not a place for a new one', async () => {
  await station.call('station.tryOut', { slots: 1, plug: false });
  await station.stop();
  for (const end of ['', '-wal', '-shm']) rmSync(join(station.dataDir, `station.db${end}`), { force: true });
  await station.reopen();
  await expect(station.call('station.tryOut', {})).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
  expect(existsSync(join(station.dataDir, 'secrets', 'observer.key.pem'))).toBe(true);
});

test('a set-up that fails by name can be made again in the same folder', async () => {
  const plan = { name: 'Line 1', tokenLabel: 'HSM', slots: [] };
  const text = join(station.dataDir, 'not-a-module.so');
  await expect(station.call('station.init', { ...plan, module: { path: '/no/such/module.so' } })).rejects.toMatchObject({
    code: 'MODULE_NOT_FOUND',
    params: { path: '/no/such/module.so' },
  });
  await expect(station.call('station.init', { ...plan, module: { path: join(process.cwd(), 'package.json') } })).rejects.toMatchObject({
    code: 'MODULE_INVALID',
  });
  await expect(station.call('station.init', { ...plan, module: { path: text } })).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  expect((await station.call('station.status', {})).phase).toBe('first-run');
  expect((await station.call('station.tryOut', { slots: 1, plug: false })).phase).toBe('ready');
  await expect(station.call('station.tryOut', {})).rejects.toMatchObject({ code: 'ALREADY_SET_UP' });
  expect(await station.problems()).toEqual([]);
});

test('a set-up that is killed leaves no station, and the next one is whole', async () => {
  for (const step of ['Make the key of the device CA (ec-p256)', 'Put the issuers in force', 'Sign the first revocation lists']) {
    const reached = station.waitFor('setup.progress', (progress) => progress.step === step);
    const up = station
      .waitFor('service.changed', ({ service, state }) => service === 'station' && state === 'restarting')
      .then(() => station.waitFor('service.changed', ({ service, state }) => service === 'station' && state === 'up'));
    const setUp = station.call('station.tryOut', { slots: 1, plug: false }).catch((thrown: unknown) => (thrown as { code?: string }).code);
    await reached;
    process.kill(station.pid('station'), 'SIGKILL');
    expect(await setUp).toBe('SERVICE_CRASHED');
    await up;
    expect((await station.call('station.status', {})).phase).toBe('first-run');
  }
  expect((await station.call('station.tryOut', { slots: 1, plug: false })).phase).toBe('ready');
  expect(await station.run(1)).toMatchObject({ state: 'PASS' });
  expect(await station.problems()).toEqual([]);
});

test('another program on the broker’s port does not keep the station from opening', async () => {
  await station.call('station.tryOut', { slots: 1, plug: false });
  const { broker } = await station.call('station.status', {});
  await station.stop();
  const squatter = createServer((socket) => socket.destroy()).listen(broker?.port, '127.0.0.1');
  await new Promise((listening) => squatter.once('listening', listening));
  await station.reopen();
  const status = await station.call('station.status', {});
  expect(status.phase).toBe('ready');
  const samePort = status.broker?.port === broker?.port;
  const { state, failure } = unwrap(status.broker, 'the station has a broker');
  expect(samePort ? failure?.code : state).toBe(samePort ? 'BROKER_PORT_BUSY' : 'up');
  await new Promise((closed) => squatter.close(closed));
});

test('the folder and its secrets are for this user alone', async () => {
  await station.call('station.tryOut', { slots: 1, plug: false });
  chmodSync(join(station.dataDir, 'secrets', 'observer.key.pem'), 0o644);
  expect(await station.problems()).toEqual(['secrets/observer.key.pem can be read by others']);
});
