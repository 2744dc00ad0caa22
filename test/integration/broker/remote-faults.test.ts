import { appendFileSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RemoteBrokerHost } from '../../../src-main/station/broker/index.ts';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { TestPki } from '../../support/mosquitto.ts';
import { randomFrom } from '../../fuzz/random.ts';
import { killedStation, TestRemote } from '../../support/remote-host.ts';

/** Every step of a publication to a remote host goes wrong once; real SSH, script and broker. */
const pki = new TestPki();
const [healthy, gone] = [pki.device('acme/here'), pki.device('acme/gone')];
let remote: TestRemote;
let host: RemoteBrokerHost;
let number = 0;
const next = () => pki.publication((number += 1), ['acme/here'], [gone]);
const conf = (): string => join(remote.dir, 'etc/birthmark/broker.conf');
const incoming = (): string => join(remote.dir, 'var/lib/birthmark/line-1/incoming');

/** Whatever happened: who was revoked stays out, who is good comes in. */
async function holds(): Promise<void> {
  await expect(connectAs(host.endpoint, gone)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
  await expect(connectAs(host.endpoint, pki.identities.revokedCanary)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
  const connection = await connectAs(host.endpoint, healthy);
  await connection.publish('tenant/acme/device/here/x', 'on');
  await connection.close();
}

beforeAll(async () => {
  remote = await TestRemote.start({
    rootPem: pki.root.certificatePem,
    serverPem: pki.server.certificatePem,
    serverKeyPem: pki.server.keyPem,
  });
  host = remote.host(pki);
  await host.start();
  await host.publish(next());
});
afterAll(async () => {
  await host.stop();
  await remote.stop();
});

describe('what goes wrong is named, changes nothing for anybody, and the next publication mends it', () => {
  let confBefore: string;
  beforeEach(() => {
    confBefore = readFileSync(conf(), 'utf8');
  });

  test.each<[string, () => () => void, object]>([
    [
      'the connection is lost in the middle of an upload',
      () => {
        const watcher = watch(incoming(), () => remote.killSshSessions());
        return () => watcher.close();
      },
      { code: 'BROKER_AWAY' },
    ],
    [
      'there is no space for the files',
      () => {
        // A limit on the size of files has the effect of a full disk, without filling one.
        appendFileSync(conf(), "trap '' XFSZ\nulimit -f 1\n");
        return () => undefined;
      },
      { code: 'BROKER_HOST_FAILED', params: { problem: expect.stringContaining('File too large') as string } },
    ],
    [
      'Mosquitto cannot be told to reload',
      () => {
        appendFileSync(conf(), 'RELOAD=false\n');
        return () => undefined;
      },
      { code: 'BROKER_HOST_FAILED', params: { problem: expect.stringContaining('did not take the reload') as string } },
    ],
    [
      'Mosquitto’s log cannot be read',
      () => {
        appendFileSync(conf(), 'READ_LOG=false\n');
        return () => undefined;
      },
      { code: 'BROKER_HOST_FAILED', params: { problem: expect.stringContaining('the log of Mosquitto cannot be read') as string } },
    ],
    [
      'the host’s clock is a day ahead: the list has expired there',
      () => {
        appendFileSync(conf(), 'MARGIN_MINUTES=1500\n');
        return () => undefined;
      },
      { code: 'CRL_REJECTED', params: { problem: expect.stringContaining('ends too soon') as string } },
    ],
  ])('%s', async (_, inject, expected) => {
    const publication = next();
    const undo = inject();
    try {
      await expect(host.publish(publication)).rejects.toMatchObject(expected);
    } finally {
      undo();
      writeFileSync(conf(), confBefore);
    }
    await holds();
    expect(await publishedAgain()).toMatchObject({ failure: null });
    expect(host.view()).toMatchObject({ state: 'up', failure: null });
    await holds();
  });

  test('somebody empties the list that is in force: the canaries say so, and the next publication mends it', async () => {
    writeFileSync(join(remote.current, 'crl.pem'), '');
    await remote.reloadMosquitto();
    expect(await host.canaries()).toMatchObject({ revokedRefused: false, failure: { code: 'CANARY_ADMITTED' } });
    expect(await publishedAgain()).toMatchObject({ failure: null });
    await holds();
  });

  test('halves of uploads that never came to an end are swept away after a while', async () => {
    const halves = (): string[] => readdirSync(incoming()).filter((name) => name.startsWith('.new-'));
    expect(halves()).not.toEqual([]);
    appendFileSync(conf(), 'HALVES_MINUTES=0\n');
    await publishedAgain();
    writeFileSync(conf(), confBefore);
    expect(halves()).toEqual([]);
  });
});

/** By a seed, so that a run can be had again. */
const seed = Number(process.env['BIRTHMARK_SEED'] ?? 20_261_126);
const kills = Number(process.env['BIRTHMARK_KILLS'] ?? 8);

test(
  `${String(kills)} random deaths of the station, of SSH and of the host’s script in the middle of publications (seed ${String(seed)})`,
  async () => {
    const random = randomFrom(seed);
    for (let round = 0; round < kills; round++) {
      const publication = next();
      const afterMs = random.below(1_000);
      const victim = random.pick(['station', 'ssh', 'script'] as const);
      if (victim === 'station') await killedStation(remote, pki, publication, afterMs);
      else {
        const publishing = host.publish(publication).catch(() => undefined);
        // A death at any moment: this is no wait for something.
        await new Promise((later) => setTimeout(later, afterMs));
        if (victim === 'ssh') remote.killSshSessions();
        else remote.killScripts();
        await publishing;
      }
      await holds();
      expect(await publishedAgain()).toMatchObject({ failure: null });
      await holds();
    }
  },
  30_000 + kills * 20_000,
);

/** What a station says whose connection, or whose log of the broker, was just taken away. It comes back by itself. */
const comesBack = ['BROKER_AWAY', 'BROKER_HOST_FAILED'];

/** The station says the next one when it has its connection back. */
async function publishedAgain(): Promise<unknown> {
  for (;;) {
    try {
      return await host.publish(next());
    } catch (error) {
      if (!comesBack.includes((error as { code?: string }).code ?? '')) throw error;
      if (host.view().state === 'up') await new Promise((soon) => setImmediate(soon));
      else await up();
    }
  }
}

function up(): Promise<void> {
  return new Promise((resolve) => {
    const off = host.onChange(({ state }) => {
      if (state !== 'up') return;
      off();
      resolve();
    });
  });
}
