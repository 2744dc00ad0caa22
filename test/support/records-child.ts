import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src-main/station/clock.ts';
import { openRegistry } from '../../src-main/station/registry/index.ts';
import { recordsName, syncFor, type RecordsLogin } from './records.ts';
import { issuerId, order, pretendCertificate } from './registry.ts';

// A station that does nothing but record and sync, until it is killed or told to finish: BIRTHMARK_TEST_RECORDS is its folder and login as JSON.
const { dir, login } = JSON.parse(process.env['BIRTHMARK_TEST_RECORDS'] ?? '{}') as { dir: string; login: RecordsLogin };
const registry = openRegistry(dir, systemClock);
const keyId = registry.issuers.get(issuerId)?.keyId ?? '';
const sync = syncFor(registry, login);
sync.start();

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const day = 86_400_000;
let finishing = false;
process.stdin.on('data', () => (finishing = true));
process.stdout.write('up\n');

/** One device from its registration on, and something that happens to an older one. */
function live(round: number): void {
  const { registry: r } = { registry };
  const unit = { hardwareId: `HW-${hex(6)}`, model: 'S1', firmware: '1', locked: false };
  const { device } = r.devices.register(unit, order, 'line');
  const serial = hex(20).toUpperCase();
  const names = { serial, issuer: issuerId, partition: 0, use: 'device' as const, device, run: null, order: order.id, spkiSha256: hex(32) };
  const notAfter = new Date(Date.now() + (round % 5 === 0 ? 5 : 300) * day).toISOString();
  r.certificates.reserve({ ...names, notBefore: r.now(), notAfter }, 'line');
  // Some signatures never come.
  const { der, fingerprint } = pretendCertificate(keyId, device, 400);
  if (round % 11 !== 0) r.certificates.signed(serial, der, fingerprint, 'line');
  if (round % 11 !== 0 && round % 7 !== 0) r.certificates.activate(serial, 'line');
  if (round % 11 === 0 || round % 7 === 0 || round % 3 === 0) r.certificates.revoke(serial, 'superseded', '', 'line');
  r.devices.proven(device, 'device-connected');
  if (round % 20 !== 0) return;
  r.notices.record();
  const number = r.crls.nextNumber({ issuer: issuerId, partition: 0 });
  const crl = {
    issuer: issuerId,
    partition: 0,
    number,
    thisUpdate: r.now(),
    nextUpdate: r.now(),
    entries: 1,
    bytes: 1,
    sha256: hex(32),
    signature: randomBytes(8),
    namesPoint: false,
  };
  r.crls.record(crl, { upTo: 0, keepAfter: r.now() }, 'Olga');
  r.crls.published(crl, number);
  r.records.checkpoint();
}

for (let round = 1; !finishing; round++) {
  live(round);
  await new Promise((next) => setTimeout(next, 1));
}
while (sync.view().waiting > 0 || sync.view().state !== 'up') await new Promise((next) => setTimeout(next, 10));
await sync.stop();
registry.close();
process.stdout.write(`${recordsName} done\n`, () => process.exit(0));
