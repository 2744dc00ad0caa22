import { unwrap } from '../../src-main/contract/index.ts';
import { accessList } from '../../src-main/station/broker/access-list.ts';
import { SshLink } from '../../src-main/station/broker/ssh.ts';
import { accessListStall } from '../../src-main/station/publication/access-cost.ts';
import { connectAs, Observer, verifyConnection, type BrokerEndpoint } from '../../src-main/station/verify/index.ts';
import { testHost, TestPki } from '../support/mosquitto.ts';
import { rawMosquitto } from '../support/raw-mosquitto.ts';
import { TestRemote } from '../support/remote-host.ts';
import { TestStation } from '../support/station.ts';
import { median, type Figure } from './figure.ts';

const p95 = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? 0;
const since = (started: number): number => performance.now() - started;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return since(started);
}

const units = 8;

/** A unit in each slot is made and connected; then one after the other is revoked: ms from RECORDED to EFFECTIVE, and how long its session lived on. */
async function revocations(station: TestStation): Promise<{ effective: number[]; gone: number[] }> {
  const [effective, gone]: [number[], number[]] = [[], []];
  const devices: string[] = [];
  for (let slot = 1; slot <= units; slot++) devices.push(unwrap((await station.run(slot)).device, 'it passed'));
  for (const device of devices) {
    const ended = station.waitFor('revocation.changed', (view) => view.device === device && view.state === 'EFFECTIVE');
    await station.call('revocations.revoke', { selector: { device }, reason: 'keyCompromise' });
    const view = await ended;
    effective.push(Date.parse(unwrap(view.effectiveAt, 'it is EFFECTIVE')) - Date.parse(view.recordedAt));
    if (view.liveSessionGoneMs !== null) gone.push(view.liveSessionGoneMs);
    // Revocations within a second of each other share a list, which would be measured as well.
    await new Promise((later) => setTimeout(later, 1_000));
  }
  return { effective, gone };
}

/** p95 on the broker of the station; the baseline is a reload alone. */
export async function effective(): Promise<Figure> {
  const station = await TestStation.tryOut(units);
  const pki = new TestPki();
  const broker = await rawMosquitto((port: number) => [`listener ${port} 127.0.0.1`, ...mtls], filesOf(pki));
  try {
    const { effective: ms, gone } = await revocations(station);
    const alone: number[] = [];
    const there = { host: '127.0.0.1', port: broker.port, serverName: 'localhost', serverCaPem: pki.serverCa.certificatePem };
    for (let index = 0; index < units; index++) {
      alone.push(await timed(() => broker.reload()));
      // Mosquitto loses a signal that comes while it still reads; it answers when it has done so.
      await (await connectAs(there, pki.identities.goodCanary)).close();
    }
    const [value, baseline] = [p95(ms), median(alone)];
    return { value, unit: 'ms p95', baseline, ratio: baseline / value, detail: { p50: median(ms), ms, gone, reloadAlone: alone } };
  } finally {
    await broker.stop();
    await station.dispose();
  }
}

/** The same on a remote host; the baseline is upload and command alone, with the same files and without canaries. */
export async function effectiveRemote(): Promise<Figure> {
  const station = await TestStation.tryOut(units);
  await station.call('sessions.close', {});
  await station.openSession({ profiles: ['device', 'server'], quota: 5 });
  const server = await station.call('servers.issue', { dns: ['localhost'], ips: ['127.0.0.1'], csr: null });
  const keys = await station.call('broker.keys', {});
  const rootPem = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
  const remote = await TestRemote.start({
    rootPem,
    serverPem: server.pem,
    serverKeyPem: server.keyPem ?? '',
    publicKeys: [keys.files, keys.command],
  });
  const pki = new TestPki();
  const other = await TestRemote.start({
    rootPem: pki.root.certificatePem,
    serverPem: pki.server.certificatePem,
    serverKeyPem: pki.server.keyPem,
  });
  try {
    await station.call('broker.use', { remote: remote.at });
    await station.reopen();
    const up = station.waitFor('status.changed', ({ broker }) => broker?.state === 'up');
    await station.openSession();
    await up;
    const { effective: ms, gone } = await revocations(station);
    const link = new SshLink(other.at, other.keys);
    const alone: number[] = [];
    for (let number = 1; number <= units; number++) {
      const publication = pki.publication(number, ['acme/a']);
      const files = {
        'crl.pem': publication.crls[0]?.pem ?? '',
        'client-cas.pem': publication.clientCaPem,
        'access-list': accessList(publication, 'observer'),
        'password-file': '',
        expired: '',
      };
      alone.push(
        await timed(async () => {
          await link.upload(`bench-${String(number)}`, files);
          await link.run(`publish bench-${String(number)}`);
        }),
      );
    }
    const [value, baseline] = [p95(ms), median(alone)];
    return { value, unit: 'ms p95', baseline, ratio: baseline / value, detail: { p50: median(ms), ms, gone, uploadAndReloadAlone: alone } };
  } finally {
    await remote.stop();
    await other.stop();
    await station.dispose();
  }
}

/** One device on the broker: every step of its verification; the baseline is a login alone. */
export async function verify(): Promise<Figure> {
  const pki = new TestPki();
  const { host, close } = await testHost(pki);
  const device = pki.device('acme/a');
  await host.start();
  await host.publish(pki.publication(1, ['acme/a']));
  const observer = new Observer({ endpoint: () => host.endpoint, identity: pki.identities.observer });
  observer.start();
  try {
    await observer.ready({ signal: new AbortController().signal, timeoutMs: 10_000 });
    const [all, login]: [number[], number[]] = [[], []];
    for (let index = 0; index < 30; index++) {
      all.push(
        await timed(async () => {
          const { diagnosis } = await verifyConnection(host.endpoint, device, { device: 'acme/a', observer });
          if (diagnosis !== null) throw new Error(diagnosis.code);
        }),
      );
      login.push(await timed(async () => (await connectAs(host.endpoint, device)).close()));
    }
    const [value, baseline] = [median(all), median(login)];
    return { value, unit: 'ms', baseline, ratio: baseline / value, detail: { p95: p95(all) } };
  } finally {
    await observer.stop();
    await close();
  }
}

const mtls = [
  'allow_anonymous false',
  'acl_file acl',
  'set_tcp_nodelay true',
  'cafile cas.pem',
  'certfile server.pem',
  'keyfile server.key',
  'crlfile crl.pem',
  'require_certificate true',
  'use_identity_as_username true',
];
const filesOf = (pki: TestPki): Record<string, string> => ({
  'cas.pem': pki.clientCaPem,
  'server.pem': pki.server.certificatePem,
  'server.key': pki.server.keyPem,
  'crl.pem': pki.crlPem(1),
  acl: 'user acme/a\ntopic readwrite tenant/acme/device/a/#\n',
});

/** How long a client waits at most for an answer around a reload, and how long a login takes after it; ms. */
async function reloadWith(pki: TestPki, files: Record<string, string>): Promise<{ stall: number; login: number }> {
  const identity = pki.device('acme/a');
  const broker = await rawMosquitto((port: number) => [`listener ${port} 127.0.0.1`, ...mtls], filesOf(pki));
  const endpoint: BrokerEndpoint = {
    host: '127.0.0.1',
    port: broker.port,
    serverName: 'localhost',
    serverCaPem: pki.serverCa.certificatePem,
  };
  try {
    const client = await connectAs(endpoint, identity, { keepaliveSeconds: 600 });
    const ask = (): Promise<number> => timed(() => client.publish('tenant/acme/device/a/x', '1'));
    for (const [name, text] of Object.entries(files)) await broker.rewrite(name, text);
    const reload = broker.reload();
    let stall = 0;
    // What comes after the log line may stop it as well: a few more answers show it.
    let after = 0;
    void reload.then(() => (after = 1));
    while (after < 10) {
      stall = Math.max(stall, await ask());
      if (after > 0) after += 1;
    }
    const logins: number[] = [];
    for (let index = 0; index < 5; index++)
      logins.push(await timed(async () => (await connectAs(endpoint, identity, { timeoutMs: 60_000 })).close()));
    await client.close();
    return { stall, login: median(logins) };
  } finally {
    await broker.stop();
  }
}

/** A reload with so many devices in the access list, an entry each; the baseline is what the station foretells. */
export async function reloadAcl(): Promise<Figure> {
  const pki = new TestPki();
  const stalls: Record<string, number> = {};
  for (const count of [1_000, 5_000, 10_000]) {
    const devices = ['acme/a', ...Array.from({ length: count - 1 }, (_, index) => `acme/device-${String(index)}`)];
    stalls[count] = (await reloadWith(pki, { acl: accessList({ crls: [], clientCaPem: '', devices }, 'observer') })).stall;
  }
  const [value, baseline] = [stalls['10000'] ?? 0, accessListStall(10_000, '2.0.11')];
  return { value, unit: 'ms, 10k entries', baseline, ratio: baseline / value, detail: { stalls } };
}

/** A reload with so many revoked certificates, and what a login costs then. */
export async function reloadCrl(): Promise<Figure> {
  const pki = new TestPki();
  const found: Record<string, { stall: number; login: number }> = {};
  for (const count of [1_000, 20_000, 100_000]) {
    const revoked = Array.from({ length: count }, (_, index) => (0x20000000 + index).toString(16).toUpperCase());
    found[count] = await reloadWith(pki, { 'crl.pem': pki.issuer.crl({ number: 2, revoked }) });
  }
  return { value: found['100000']?.stall ?? 0, unit: 'ms, 100k entries', detail: { found } };
}
