import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { testHost, TestPki, type TestHost } from '../../support/mosquitto.ts';

describe('a local broker host', () => {
  const pki = new TestPki();
  const device = pki.device('acme/T2-000001');
  const neighbour = pki.device('acme/T2-000002');
  const devices = ['acme/T2-000001', 'acme/T2-000002'];
  let here: TestHost;

  beforeAll(async () => {
    here = await testHost(pki);
    await here.host.start();
  });
  afterAll(() => here.close());

  test('waits for the first publication, then runs and has both canaries right', async () => {
    expect(here.host.view().state).toBe('starting');
    const result = await here.host.publish(pki.publication(1, devices));
    expect(result).toMatchObject({ revokedRefused: true, goodAccepted: true, failure: null });
    expect(here.host.view()).toMatchObject({ state: 'up', failure: null, canary: { revokedRefused: true, goodAccepted: true } });
  });

  test('lets a device in under its own name and onto its own topics only', async () => {
    const connection = await connectAs(here.host.endpoint, device);
    await connection.publish('tenant/acme/device/T2-000001/state', 'on');
    await expect(connection.publish('tenant/acme/device/T2-000002/state', 'on')).rejects.toMatchObject({
      code: 'TOPIC_REFUSED',
      params: { reason: 135 },
    });
    await connection.close();
  });

  test('a revoked device is refused by TLS 1.2 and 1.3, its live session ends, its neighbour’s stays', async () => {
    const connection = await connectAs(here.host.endpoint, device);
    const other = await connectAs(here.host.endpoint, neighbour);
    await here.host.publish(pki.publication(2, ['acme/T2-000002'], [device]));
    expect(await here.host.kick(['acme/T2-000001'])).toMatchObject([{ username: 'acme/T2-000001', ended: 1 }]);
    await connection.ended;
    for (const tlsVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      await expect(connectAs(here.host.endpoint, device, { tlsVersion })).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    }
    await other.publish('tenant/acme/device/T2-000002/state', 'still here');
    await other.close();
  });

  test('keeps its port and what was in force when the station starts again', async () => {
    const { port } = here.host.endpoint;
    await here.host.stop();
    const again = here.again();
    await again.start();
    expect(again.endpoint.port).toBe(port);
    expect(again.view()).toMatchObject({ state: 'up', failure: null });
    await expect(connectAs(again.endpoint, device)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    await (await connectAs(again.endpoint, neighbour)).close();
    await again.stop();
  });
});

test('a host that was stopped can be started again', async () => {
  const pki = new TestPki();
  const here = await testHost(pki);
  try {
    await here.host.start();
    await here.host.publish(pki.publication(1, ['acme/a']));
    await here.host.stop();
    expect(here.host.view()).toMatchObject({ state: 'away', failure: null });
    await expect(here.host.publish(pki.publication(2, []))).rejects.toMatchObject({ code: 'BROKER_AWAY' });
    await here.host.start();
    expect(here.host.view()).toMatchObject({ state: 'up', failure: null });
    await here.host.publish(pki.publication(2, []));
  } finally {
    await here.close();
  }
});

describe('publications that come together', () => {
  test('are served by the newest of them, and the view says what waits', async () => {
    const pki = new TestPki();
    const here = await testHost(pki);
    try {
      await here.host.start();
      const waiting: number[] = [];
      here.host.onChange((view) => waiting.push(view.waiting));
      const numbers = [1, 2, 3, 4, 5];
      const publications = numbers.map((number) => pki.publication(number, [`acme/device-${number}`]));
      const results = await Promise.all(publications.map((publication) => here.host.publish(publication)));
      expect(results.every(({ failure }) => failure === null)).toBe(true);
      expect(Math.max(...waiting)).toBe(4);
      // 2, 3 and 4 were never installed: number 5 came before their turn, and answered for all of them.
      expect(new Set(results.slice(1)).size).toBe(1);
      expect(results[0]).not.toBe(results[1]);
      await expect(here.host.publish(pki.publication(4, []))).rejects.toMatchObject({ code: 'CRL_REJECTED' });
      expect(here.host.view()).toMatchObject({ waiting: 0, waitingSince: null });
    } finally {
      await here.close();
    }
  });
});
