import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unwrap, type TokenRef, type WorkOrder } from '../../../src-main/contract/index.ts';
import type { BrokerHost, Publication } from '../../../src-main/station/broker/index.ts';
import { crlUri, readCertificate, readCrl } from '../../../src-main/station/ca/index.ts';
import { Issuance } from '../../../src-main/station/issuance/index.ts';
import { CrlSet, Publisher } from '../../../src-main/station/publication/index.ts';
import { openRegistry, type Registry } from '../../../src-main/station/registry/index.ts';
import { newEcCsr } from '../../support/csr.ts';
import { order } from '../../support/registry.ts';
import { crlBase, failureOf, makeHierarchy, shippedProfile, SignerBench, type Hierarchy } from '../../support/signer.ts';

const many = 200;
const partitions = 3;
const workOrder: WorkOrder = { ...order, certificateProfile: 'device' };
const dir = mkdtempSync(join(tmpdir(), 'birthmark-many-'));
const lists = Array.from({ length: partitions }, (_, partition) => crlUri(crlBase, 'device-1', partition));
/** The keys of `makeHierarchy`: the root's certificates name its own list. */
const bench = new SignerBench({ points: (ckaId) => (ckaId === '02' ? lists : [crlUri(crlBase, 'root')]) });
const published: Publication[] = [];
let registry: Registry;
let token: TokenRef;
let made: Hierarchy;
let issuance: Issuance;
let crls: CrlSet;
let publisher: Publisher;

/** Takes every publication at once, as a broker host that is up does. */
const host: BrokerHost = {
  endpoint: { host: '127.0.0.1', port: 1, serverName: 'localhost', serverCaPem: '' },
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  view: () => ({
    name: 'test',
    kind: 'local',
    version: null,
    state: 'up',
    host: '127.0.0.1',
    port: 1,
    since: new Date(0).toISOString(),
    canary: null,
    waiting: 0,
    waitingSince: null,
    failure: null,
  }),
  onChange: () => () => undefined,
  publish: (publication) => {
    published.push(publication);
    return Promise.resolve({ at: new Date(0).toISOString(), revokedRefused: true, goodAccepted: true, failure: null });
  },
  kick: () => Promise.resolve([]),
  inForce: () => Promise.resolve(null),
  canaries: () => Promise.resolve({ at: new Date(0).toISOString(), revokedRefused: true, goodAccepted: true, failure: null }),
};

beforeAll(async () => {
  await bench.start();
  token = await bench.makeToken();
  made = await makeHierarchy(bench, token);
  registry = openRegistry(dir, bench.clock);
  const { proof, certificate } = made.issuer;
  const facts = readCertificate(certificate);
  registry.store.transaction(() => {
    registry.issuers.add(
      {
        id: 'device-1',
        kind: 'issuing',
        subject: facts.commonName,
        algorithm: proof.algorithm,
        ckaId: proof.key.ckaId,
        spkiSha256: proof.key.spkiSha256,
        keyId: proof.keyId,
        certificate,
        fingerprint: facts.fingerprint,
        notBefore: facts.notBefore,
        notAfter: facts.notAfter,
        proof: proof.attributes,
        partitions,
      },
      'test',
    );
    registry.runs.createOrder(workOrder, 'test');
  });
  const profile = shippedProfile('device');
  issuance = new Issuance({
    registry,
    signer: bench.client,
    clock: bench.clock,
    certificateClock: bench.clock,
    profiles: { get: () => profile, signable: () => profile, all: () => [{ profile }] },
    crlBase,
    own: () => [],
    trustAnchors: () => [made.root.certificate],
    endpoint: () => host.endpoint,
  });
  crls = new CrlSet({ registry, crlBase, dataDir: dir, signer: bench.client, grantedBy: () => 'Olga', clock: bench.clock });
  publisher = new Publisher({
    registry,
    host,
    crls,
    clientCaPem: () => '',
    clock: bench.clock,
    clockDoubt: () => null,
    caughtUp: () => Promise.resolve(),
    onRevocation: () => undefined,
    onChange: () => undefined,
  });
  const terms = {
    kind: 'issue' as const,
    quota: many,
    minutes: 60,
    idleMinutes: null,
    perMinute: 6000,
    profiles: null,
    tenants: null,
    relearn: false,
    reason: 'test',
  };
  await bench.openSession(issuance.sessionTerms({ ...terms, operator: 'Olga', token }));
});
afterAll(async () => {
  await publisher.stop();
  registry.close();
  await bench.stop();
  rmSync(dir, { recursive: true, force: true });
});

const devices = Array.from({ length: many }, (_, index) => `acme/S-${String(index).padStart(6, '0')}`);

test('200 certificates at once: none fails, each is recorded, and the quota is used up to the last', async () => {
  for (const [index, device] of devices.entries()) {
    const unit = { hardwareId: `HW-${String(index)}`, model: 'S1', firmware: '1', locked: false };
    expect(registry.devices.register(unit, workOrder, 'test').device).toBeTypeOf('string');
    expect(device).toContain('/');
  }
  const registered = registry.devices.list({ search: '', limit: 500 }).rows.map((row) => row.device);
  const requests = await Promise.all(
    registered.map(async (device) => ({ device, checked: await issuance.checkRequest(device, workOrder, { csr: newEcCsr() }) })),
  );
  const [one, other] = requests.map(({ device }) => device);
  const twin = { device: unwrap(other, 'two devices'), checked: unwrap(requests[0], 'two devices').checked };
  const issued = await Promise.all(requests.map((request) => issuance.issue({ run: null, actor: 'Olga', order: workOrder, ...request })));
  // A unit with the key of another, asked about before either had a certificate.
  expect((await failureOf(issuance.issue({ run: null, actor: 'Olga', order: workOrder, ...twin }))).toData()).toMatchObject({
    code: 'KEY_REUSED',
    params: { device: one },
  });
  expect(registry.certificates.list({ search: '', limit: 1 }).total).toBe(many);
  expect(new Set(issued.map(({ serial }) => serial)).size).toBe(many);
  expect(issued.every(({ serial }) => registry.certificates.get(serial)?.status === 'SIGNED')).toBe(true);
  await expect(bench.client('session.current', {})).resolves.toMatchObject({ used: many, quota: many });
});

test('200 revocations at once share a few lists, and every one of them is in its own partition’s', async () => {
  await publisher.publish();
  const before = crls.current().map((builder) => builder.newest()?.number ?? 0);
  const serials = registry.certificates.list({ search: '', limit: 500 }).rows.map(({ serial }) => serial);
  expect(serials).toHaveLength(many);
  const start = performance.now();
  for (const serial of serials) {
    registry.certificates.revoke(serial, 'superseded', '', 'test');
    publisher.publishSoon();
    // One after the other, as people and scripts do it.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await publisher.idle();
  expect(registry.revocations.waiting()).toEqual([]);
  const newest = crls.current().map((builder) => builder.newest());
  // A list at once for the first, and one each second for all that came meanwhile.
  const most = 2 + (performance.now() - start) / 1000;
  for (const [index, crl] of newest.entries()) expect((crl?.number ?? 0) - (before[index] ?? 0)).toBeLessThanOrEqual(most);
  expect(newest.reduce((sum, crl) => sum + (crl?.entries ?? 0), 0)).toBe(many);
  const listed = crls.current().flatMap((builder) => [...readCrl(builder.newestFile() ?? '').entries()].map(({ serial }) => serial));
  expect(listed.sort()).toEqual(serials.sort());
  expect(published.at(-1)?.crls.map(({ partition }) => partition)).toEqual([0, 1, 2]);
});
