import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { BrokerView } from '../../../src-main/contract/index.ts';
import type { BrokerHost } from '../../../src-main/station/broker/index.ts';
import { leftovers } from '../../../src-main/station/broker/leftovers.ts';
import { findProgram } from '../../../src-main/station/broker/mosquitto-process.ts';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { testHost, TestPki, type TestHost } from '../../support/mosquitto.ts';
import type { StationInput } from '../../support/mosquitto-station.ts';

const scratch = await mkdtemp(join(tmpdir(), 'birthmark-deaths-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));
const pki = new TestPki();
const device = pki.device('acme/a');

const brokersOf = (dir: string): Promise<number[]> => leftovers(join(dir, 'mosquitto.conf'));

async function killBroker(here: TestHost): Promise<void> {
  const [pid] = await brokersOf(here.dir);
  if (pid === undefined) throw new Error('no broker runs');
  process.kill(pid, 'SIGKILL');
}

/** Resolves at the next view that is as wanted; begin to wait before making it so. */
function viewOf(host: BrokerHost, wanted: (view: BrokerView) => boolean): Promise<BrokerView> {
  return new Promise((resolve) => {
    const stop = host.onChange((view) => {
      if (!wanted(view)) return;
      stop();
      resolve(view);
    });
  });
}

async function withHost(work: (here: TestHost) => Promise<void>, changes: Parameters<typeof testHost>[1] = {}): Promise<void> {
  const here = await testHost(pki, changes);
  try {
    await work(here);
  } finally {
    await here.close();
  }
}

function listen(port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => resolve(server));
  });
}

const programs = async (...names: string[]): Promise<string> => {
  const dir = await mkdtemp(join(scratch, 'path-'));
  for (const name of names) {
    const path = findProgram(name, '/usr/local/sbin:/usr/sbin:/usr/bin:/bin');
    if (path === null) throw new Error(`${name} is not installed`);
    await symlink(path, join(dir, name));
  }
  return dir;
};

test('a broker that dies is away, cannot be published to, and comes back by itself with what was in force', () =>
  withHost(async ({ host, ...here }) => {
    await host.start();
    await host.publish(pki.publication(1, ['acme/a']));
    const away = viewOf(host, ({ state }) => state === 'away');
    await killBroker({ host, ...here });
    expect((await away).failure?.code).toBe('BROKER_AWAY');
    const up = viewOf(host, ({ state }) => state === 'up');
    await expect(host.publish(pki.publication(2, []))).rejects.toMatchObject({ code: 'BROKER_AWAY' });
    expect(await host.kick(['acme/a'])).toEqual([{ username: 'acme/a', ended: 0, ms: 0 }]);
    await up;
    const connection = await connectAs(host.endpoint, device);
    await connection.publish('tenant/acme/device/a/state', 'back');
    await connection.close();
    await host.publish(pki.publication(2, []));
  }));

test('a broker that dies during a publication fails it, and the next one brings it into force', () =>
  withHost(async (here) => {
    const { host } = here;
    await host.start();
    await host.publish(pki.publication(1, ['acme/a']));
    const [pid] = await brokersOf(here.dir);
    if (pid === undefined) throw new Error('no broker runs');
    // A stopped broker neither reloads nor answers: the publication is under way when it dies.
    process.kill(pid, 'SIGSTOP');
    const publication = host.publish(pki.publication(2, [], [device]));
    publication.catch(() => undefined);
    await expect.poll(async () => (await readFile(join(here.dir, 'current', 'access-list'), 'utf8')).includes('acme/a')).toBe(false);
    const up = viewOf(host, ({ state }) => state === 'up');
    process.kill(pid, 'SIGKILL');
    await expect(publication).rejects.toMatchObject({ code: 'BROKER_AWAY' });
    await up;
    // What was installed is what came back: no revocation is undone by a crash.
    await expect(connectAs(host.endpoint, device)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    await host.publish(pki.publication(3, [], [device]));
  }));

test('without Mosquitto the view and every publication say so', async () => {
  const searchPath = await programs();
  await withHost(
    async ({ host }) => {
      await host.start();
      await expect(host.publish(pki.publication(1, []))).rejects.toMatchObject({ code: 'BROKER_MISSING' });
      expect(host.view()).toMatchObject({ failure: { code: 'BROKER_MISSING' } });
      expect(await host.canaries()).toMatchObject({ failure: { code: 'BROKER_AWAY' } });
    },
    { searchPath },
  );
});

test('a busy port is named, and the broker comes when it is free', async () => {
  const server = await listen();
  const { port } = server.address() as AddressInfo;
  await withHost(
    async (here) => {
      const { host } = here;
      await host.start();
      await expect(host.publish(pki.publication(1, ['acme/a']))).rejects.toMatchObject({ code: 'BROKER_PORT_BUSY', params: { port } });
      await new Promise((resolve) => server.close(resolve));
      await host.publish(pki.publication(1, ['acme/a']));
      await host.stop();

      const other = await listen(port);
      const again = here.again();
      await again.start();
      expect(again.view()).toMatchObject({ state: 'away', failure: { code: 'BROKER_PORT_BUSY' } });
      const up = viewOf(again, ({ state }) => state === 'up');
      await new Promise((resolve) => other.close(resolve));
      await up;
    },
    { port },
  );
});

/** Resolves with the port when the process says that its broker is up. */
function upAt(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const found = /^up (\d+)$/mu.exec(text);
      if (found !== null) resolve(Number(found[1]));
    });
    child.once('exit', () => reject(new Error('the station process ended')));
  });
}

async function stationProcess(dir: string, searchPath: string): Promise<ChildProcess> {
  const input: StationInput = {
    options: {
      dir,
      port: 0,
      serverCertificatePem: pki.server.certificatePem,
      serverKeyPem: pki.server.keyPem,
      serverCaPem: pki.serverCa.certificatePem,
      identities: pki.identities,
      searchPath,
    },
    publication: pki.publication(1, ['acme/a']),
  };
  const file = join(dir, 'input.json');
  await writeFile(file, JSON.stringify(input));
  const script = new URL('../../support/mosquitto-station.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await upAt(child);
  return child;
}

async function killStation(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

test('kill -9 of the station ends its broker at once', () =>
  withHost(async (here) => {
    const child = await stationProcess(here.dir, await programs('mosquitto', 'setpriv'));
    expect(await brokersOf(here.dir)).toHaveLength(1);
    await killStation(child);
    await expect.poll(() => brokersOf(here.dir)).toEqual([]);
  }));

test('where the kernel does not do it, the next start does, and touches nobody else’s broker', () =>
  withHost((bystander) =>
    withHost(async (here) => {
      await bystander.host.start();
      await bystander.host.publish(pki.publication(1, []));
      const others = await brokersOf(bystander.dir);
      const child = await stationProcess(here.dir, await programs('mosquitto'));
      await killStation(child);
      const [orphan] = await brokersOf(here.dir);
      expect(orphan).toBeGreaterThan(0);
      await here.host.start();
      const [ours, ...more] = await brokersOf(here.dir);
      expect(ours).not.toBe(orphan);
      expect(more).toEqual([]);
      expect(here.host.view()).toMatchObject({ state: 'up', failure: null });
      await here.host.stop();
      expect(await brokersOf(here.dir)).toEqual([]);
      expect(others).toHaveLength(1);
      expect(await brokersOf(bystander.dir)).toEqual(others);
      expect(await bystander.host.canaries()).toMatchObject({ failure: null });
    }),
  ));
