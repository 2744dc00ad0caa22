import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { certificateToPem, readCrl } from '../../../src-main/station/ca/index.ts';
import { systemClock } from '../../../src-main/station/clock.ts';
import { openRegistry } from '../../../src-main/station/registry/index.ts';
import { publicationCrashes, type PublicationCrash } from '../../support/crashing-publication.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { TestStation } from '../../support/station.ts';

const many = 3_000;
const work = new WorkFolder();
const revoked = new Set<string>();
/** To be revoked one by one. */
const good: string[] = [];
/** Of every list that was ever seen under its number: what it is. A number never means another list. */
const seen = new Map<string, string>();
let station: TestStation;
let crashAt: string;
let issuer: string;

beforeAll(async () => {
  const dataDir = TestStation.folder();
  crashAt = join(dataDir, 'crash-at');
  process.env['BIRTHMARK_TEST_PUBLICATION_CRASH'] = crashAt;
  station = await TestStation.tryOut(1, { entry: resolve('test/support/crashing-publication.ts'), dataDir });
  await station.stop();
  fill(dataDir);
  // Of a station that was killed and could sign no more lists of this issuer: the next list would not put it away.
  writeFileSync(join(dataDir, 'crl', 'earlier-1-draft.new'), 'half a list');
  await station.reopen();
  await station.openSession();
  await station.call('publication.settle', {});
  for (const { issuer: id, certificate } of await station.call('crl.signers', {})) work.write(`${id}.pem`, certificateToPem(certificate));
});
afterAll(async () => {
  await station.dispose();
  work.remove();
});

/** Certificates of no device, so that the broker has nobody to look for. */
function fill(dataDir: string): void {
  const registry = openRegistry(dataDir, systemClock);
  issuer = unwrap(registry.issuers.current('issuing'), 'a try-out station has an issuer').id;
  registry.store.transaction(() => {
    for (let i = 0; i < many; i++) {
      const serial = `5A${randomBytes(19).toString('hex').toUpperCase()}`;
      const names = { serial, issuer, partition: 0, use: 'server' as const, device: `host-${String(i)}`, run: null, order: null };
      const dates = { notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2036-01-01T00:00:00.000Z' };
      registry.certificates.reserve({ ...names, ...dates, spkiSha256: randomBytes(32).toString('hex') }, 'test');
      if (i < publicationCrashes.length) {
        registry.certificates.signed(serial, randomBytes(16), randomBytes(32).toString('hex'), 'test');
        registry.certificates.activate(serial, 'test');
        good.push(serial);
      } else {
        registry.certificates.revoke(serial, 'superseded', '', 'test');
        revoked.add(serial);
      }
    }
  });
  registry.close();
}

/** The lists that are there, each whole, signed, and what it was when it was last seen. Their highest number. */
function lists(): number {
  const folder = join(station.dataDir, 'crl');
  const numbers: number[] = [];
  for (const name of readdirSync(folder)) {
    const [, id, number] = /^(?<id>.+)-(?<number>\d+)\.crl$/u.exec(name) ?? [];
    if (id === undefined) throw new Error(`${name} was left beside the lists`);
    const path = join(folder, name);
    const { ok, text } = work.openssl('crl', '-inform', 'DER', '-in', path, '-CAfile', `${id}.pem`, '-noout', '-fingerprint', '-sha256');
    expect([ok, text]).toEqual([true, expect.stringContaining('verify OK')]);
    expect(readCrl(path).number).toBe(Number(number));
    expect(text).toBe(seen.get(name) ?? text);
    seen.set(name, text);
    if (id === issuer) numbers.push(Number(number));
  }
  return Math.max(...numbers);
}

/** A supervisor that has seen no crash yet: it waits longer from crash to crash. */
afterEach(async () => {
  rmSync(crashAt, { force: true });
  await station.reopen();
  await station.openSession();
  await station.call('publication.settle', {});
});

async function crash(moment: PublicationCrash): Promise<void> {
  const died = station.waitFor('service.changed', ({ service, state }) => service === 'station' && state === 'restarting');
  const up = died.then(() => station.waitFor('service.changed', ({ service, state }) => service === 'station' && state === 'up'));
  const serial = unwrap(good.pop(), 'there is one for each moment');
  writeFileSync(crashAt, moment);
  // Recorded before anything is published; whether the answer came through before the end is chance.
  await station.call('revocations.revoke', { selector: { serial }, reason: 'keyCompromise' }).catch(() => undefined);
  await up;
  revoked.add(serial);
  expect(existsSync(crashAt)).toBe(false);
}

test.each(publicationCrashes)(
  'kill -9 while a list of 3,000 is published, at “%s”: nothing is lost, doubled or left over',
  async (moment) => {
    const before = lists();
    await crash(moment);
    await station.call('publication.settle', {});
    const [newest, ...earlier] = (await station.call('crl.history', { issuer, partition: 0, limit: 100 })).rows;
    const number = unwrap(newest, 'there are lists').number;
    expect(number).toBe(lists());
    expect(number).toBeGreaterThan(before);
    expect(earlier.every((one, index) => one.number < ([newest, ...earlier][index]?.number ?? 0))).toBe(true);
    const path = join(station.dataDir, 'crl', `${issuer}-${String(number)}.crl`);
    const listed = new Set(Array.from(readCrl(path).entries(), ({ serial }) => serial));
    expect([...revoked].filter((serial) => !listed.has(serial))).toEqual([]);
    expect((await station.call('broker.reconcile', {})).findings.flatMap(({ examples }) => examples)).toEqual([]);
    expect(await station.problems()).toEqual([]);
  },
);
