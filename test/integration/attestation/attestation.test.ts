import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SlotView } from '../../../src-main/contract/index.ts';
import { sha256Hex, spkiOf } from '../../../src-main/der/index.ts';
import { certificateToPem } from '../../../src-main/station/ca/index.ts';
import { anchorPem, chip, ecPair, modemUuid, nordicCose, type Chip } from '../../support/attestation.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { makeCsr } from '../../support/csr.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-attestation-'));
const modem = ecPair();
const made = chip();
let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(1);
});
afterAll(async () => {
  await station.dispose();
  rmSync(dir, { recursive: true, force: true });
});

const profileText = (name: string, required: boolean, trustAnchors: readonly string[]): string =>
  JSON.stringify({
    name,
    use: 'device',
    keyAlgorithms: ['ec-p256'],
    commonName: '{tenant}/{device}',
    extendedKeyUsage: ['clientAuth'],
    attestation: { required, trustAnchors },
  });

async function makeFor(certificateProfile: string): Promise<void> {
  const id = `FOR-${certificateProfile}`;
  await station.call('orders.create', {
    id,
    tenant: 'acme',
    product: 'P',
    deviceProfile: 'reference-agent',
    certificateProfile,
    quantity: 9,
    idPrefix: `${id}-`,
  });
  await station.call('orders.choose', { id });
  // A session names the profiles that there were when it was opened.
  await station.call('sessions.close', {});
  await station.openSession();
}

/** A unit from the box whose secure element has this key and these certificates; without them it has none. */
async function runWith(element: Chip | null, fault?: string): Promise<SlotView> {
  const hardwareId = `SIM-${randomBytes(4).toString('hex').toUpperCase()}`;
  const memory = join(station.dataDir, 'fixture', 'units', hardwareId);
  mkdirSync(memory, { recursive: true, mode: 0o700 });
  if (element !== null) {
    writeFileSync(join(memory, 'secure-element.key'), element.device.privateKey.export({ type: 'pkcs8', format: 'der' }));
    writeFileSync(join(memory, 'secure-element.der'), Buffer.concat([element.device.der, element.signer.der]));
  }
  const view = await station.run(1, { hardwareId, ...(fault === undefined ? {} : { fault }) });
  await station.unplug(1);
  return view;
}

test('where the profile asks, a unit passes whose secure element is of the maker; without one, or of another maker, it gets no certificate', async () => {
  await station.call('profiles.add', { text: profileText('elements', true, [made.root.pem]) });
  await makeFor('elements');
  const passed = await runWith(made, 'small-buffers');
  expect(passed).toMatchObject({ state: 'PASS', failure: null });
  const [row] = (await station.call('certificates.list', { search: passed.device ?? '' })).rows;
  const { attestation } = await station.call('certificates.get', { serial: row?.serial ?? '' });
  expect(attestation).toMatchObject({
    format: 'certificates',
    deviceId: expect.stringContaining('CN=sn0123ABCD') as string,
    anchor: sha256Hex(spkiOf(made.root.publicKey)),
    proven: [expect.stringContaining('has signed this request') as string, expect.stringContaining('CN=Chip root') as string],
  });

  for (const [element, failure] of [
    [null, { code: 'ATTESTATION_MISSING', params: { profile: 'elements' } }],
    [chip(), { code: 'ATTESTATION_REFUSED', params: { check: 'chain' } }],
    [
      { ...made, device: { ...made.device, privateKey: ecPair().privateKey } },
      { code: 'ATTESTATION_REFUSED', params: { check: 'signature' } },
    ],
  ] as const) {
    const view = await runWith(element);
    expect(view).toMatchObject({ state: 'FAIL', failure });
    expect((await station.call('certificates.list', { search: view.device ?? 'none' })).total).toBe(0);
  }
  expect(await station.problems()).toEqual([]);

  await station.stop();
  const shown = await birthmark(['certificates', 'show', row?.serial ?? '', '--data', station.dataDir]);
  expect([shown.code, shown.stdout]).toEqual([
    0,
    expect.stringMatching(/attested by +.*CN=sn0123ABCD[^]*proven +.*signed this request/u) as string,
  ]);
  await station.reopen();
});

test('what a device proved is in the record, in the audit log, and shown; what does not hold is refused by the name of the check', async () => {
  await station.call('profiles.add', { text: profileText('welcome', false, [anchorPem(modem.publicKey), made.root.pem]) });
  await makeFor('welcome');
  const view = await station.run(1);
  expect(view.state).toBe('PASS');
  const device = view.device ?? '';
  const [first] = (await station.call('certificates.list', { search: device, status: 'ACTIVE' })).rows;
  expect(await station.call('certificates.get', { serial: first?.serial ?? '' })).toMatchObject({ attestation: null, keyMadeBy: 'device' });

  const csr = makeCsr(made.device);
  const rotate = (attestation: Uint8Array) => station.call('rotation.begin', { device, csr, attestation, override: 'test' });
  expect(await failureOf(rotate(nordicCose({ csr: makeCsr(ecPair()), key: modem.privateKey })))).toMatchObject({
    code: 'ATTESTATION_REFUSED',
    params: { check: 'digest' },
  });
  expect(await failureOf(rotate(nordicCose({ csr, key: ecPair().privateKey })))).toMatchObject({
    code: 'ATTESTATION_REFUSED',
    params: { check: 'signature' },
  });
  expect((await failureOf(rotate(Buffer.from('nonsense')))).code).toBe('INVALID_INPUT');
  expect((await station.call('certificates.list', { search: device })).total).toBe(1);

  const { serial } = await rotate(
    Buffer.from(`%KEYGEN: "${csr.toString('base64url')}.${nordicCose({ csr, key: modem.privateKey }).toString('base64url')}"\r\nOK`),
  );
  const proven = await station.call('certificates.get', { serial });
  expect(proven.attestation).toMatchObject({ format: 'nordic-cose', deviceId: modemUuid });
  await station.call('publication.settle', {});
  await station.call('rotation.end', { serial: first?.serial ?? '' });

  const next = chip({});
  expect(
    await failureOf(
      station.call('rotation.begin', {
        device,
        csr: makeCsr(next.device),
        override: 'x',
        attestation: Buffer.concat([next.device.der, next.signer.der]),
      }),
    ),
  ).toMatchObject({
    code: 'ATTESTATION_REFUSED',
    params: { check: 'chain' },
  });
  expect(await station.problems()).toEqual([]);
  await station.stop();
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(join(station.dataDir, 'station.db'), { readonly: true });
  const lines = db.prepare("SELECT detail FROM audit WHERE action = 'certificate.reserve' AND subject = ?").all(device) as {
    detail: string;
  }[];
  db.close();
  expect(
    lines.map(({ detail }) => (JSON.parse(detail) as { attestation: { deviceId: string } | null }).attestation?.deviceId ?? null),
  ).toEqual([null, modemUuid]);
});

test('the command line takes a chain of certificates in a file, and a profile whose anchors are files beside it', async () => {
  const data = ['--data', station.dataDir];
  writeFileSync(join(dir, 'root.pem'), `The maker’s root\n${made.root.pem}`);
  writeFileSync(join(dir, 'chips.json'), profileText('chips', true, ['root.pem']));
  writeFileSync(
    join(dir, 'bad.json'),
    `{\n  "name": "bad",\n  "use": "device",\n  "keyAlgorithms": ["ec-p256"],\n  "commonName": "{tenant}/{device}",\n  "extendedKeyUsage": ["clientAuth"],\n  "attestation": {\n    "trustAnchors": [\n      "root.pem",\n      "none.pem"\n    ]\n  }\n}\n`,
  );
  const bad = await birthmark(['profiles', 'lint', join(dir, 'bad.json')]);
  expect([bad.code, bad.stdout]).toEqual([1, expect.stringMatching(/bad\.json:10:7: error: .*none\.pem/u) as string]);
  const added = await birthmark(['profiles', 'add', join(dir, 'chips.json'), '--json', ...data]);
  expect(added.code, added.stderr).toBe(0);
  expect(readFileSync(join(station.dataDir, 'profiles/certificates/chips.json'), 'utf8')).toContain('BEGIN CERTIFICATE');

  await station.reopen();
  const device = (await station.call('devices.list', { search: 'FOR-welcome' })).rows[0]?.device ?? '';
  await station.stop();
  // Keys of a chip that has had no certificate here yet, under the root of the one before.
  const unit = ecPair();
  const csr = makeCsr(unit);
  writeFileSync(join(dir, 'unit.csr'), csr);
  const { certificate } = await import('../../support/attestation.ts');
  const leaf = certificate({
    subject: 'sn7',
    key: unit.publicKey,
    issuer: { subject: made.signer.subject, privateKey: made.signer.privateKey },
  });
  writeFileSync(join(dir, 'chain.pem'), certificateToPem(leaf) + certificateToPem(made.signer.der));
  const rotated = await birthmark([
    'rotations',
    'begin',
    device,
    '--csr',
    join(dir, 'unit.csr'),
    '--attestation',
    join(dir, 'chain.pem'),
    '--out',
    join(dir, 'new.pem'),
    '--override',
    'x',
    '--json',
    ...data,
  ]);
  expect(rotated.code, rotated.stderr).toBe(0);
  const serial = String(jsonOf(rotated)['serial']);
  await station.reopen();
  expect((await station.call('certificates.get', { serial })).attestation).toMatchObject({
    format: 'certificates',
    deviceId: expect.stringContaining('CN=sn7') as string,
  });
});
