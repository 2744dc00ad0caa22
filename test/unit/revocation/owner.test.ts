import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RevocationView } from '../../../src-main/contract/index.ts';
import { failRun } from '../../../src-main/station/line/verdict.ts';
import { Revocation, revokeCertificate } from '../../../src-main/station/revocation/index.ts';
import { TestRegistry } from '../../support/registry.ts';
import { sampleFailure } from '../../support/sample-failure.ts';

let here: TestRegistry;
let told: RevocationView[];
let publications: number;
let withoutCertificate: string[];
let owner: Revocation;
beforeEach(() => {
  here = new TestRegistry();
  [told, publications, withoutCertificate] = [[], 0, []];
  owner = new Revocation({
    registry: here.registry,
    identity: () => ({ keyPem: '', certificatePem: '' }),
    publishSoon: () => publications++,
    onChange: (view) => told.push(view),
    onDeviceRevoked: (device) => withoutCertificate.push(device),
  });
  owner.start();
});
afterEach(() => here.dispose());

const cause = { reason: 'superseded', note: 'recall', actor: 'Olga' } as const;
const serials = (): string[] => told.map(({ serial }) => serial);

test('whatever ends a certificate, it is told and published once', () => {
  const [asked, failed] = [here.run(), here.run()];
  expect(owner.revoke({ serial: asked.serial }, cause)).toMatchObject([{ serial: asked.serial, operator: 'Olga', state: 'RECORDED' }]);
  failRun(here.registry, failed.run, failed.serial, sampleFailure('TIMEOUT').toData(), 'Tess');
  expect(serials()).toEqual([asked.serial, failed.serial]);
  expect(withoutCertificate).toEqual([asked.device, failed.device]);
  expect(publications).toBe(2);
});

test('what was revoked before is shown, and not told again', () => {
  const { serial } = here.run();
  owner.revoke({ serial }, cause);
  expect(owner.revoke({ serial }, { ...cause, reason: 'keyCompromise' })).toMatchObject([{ serial, reason: 'superseded' }]);
  expect([told.length, publications]).toEqual([1, 1]);
});

test('nothing is told before it is recorded, and nothing of what is taken back', async () => {
  const [kept, lost, alone] = [here.run(), here.run(), here.run()];
  const { store, revocations } = here.registry;
  const heard: string[] = [];
  revocations.listen((some) => void heard.push(...some));
  store.transaction(() => {
    revokeCertificate(here.registry, kept.serial, cause);
    expect(heard).toEqual([]);
  });
  const back = new Error('taken back');
  expect(() =>
    store.transaction(() => {
      revokeCertificate(here.registry, lost.serial, cause);
      throw back;
    }),
  ).toThrow(back);
  // Of a group, the part that fails is taken back alone.
  const parts = [
    store.grouped(() => {
      revokeCertificate(here.registry, lost.serial, cause);
      throw back;
    }),
    store.grouped(() => revokeCertificate(here.registry, alone.serial, cause)),
  ];
  expect(await Promise.allSettled(parts)).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: true }]);
  expect(heard).toEqual([kept.serial, alone.serial]);
  expect(here.status(lost.serial)).toBe('SIGNED');
});

test('a device that has another certificate in force is not one without', () => {
  const { device, serial, run } = here.run();
  const other = here.run();
  here.registry.certificates.activate(other.serial, 'line');
  owner.revoke({ device: other.device }, cause);
  expect(withoutCertificate).toEqual([other.device]);
  here.registry.certificates.activate(serial, 'line');
  const second = here.run();
  here.registry.store.sql('UPDATE certificates SET device = ? WHERE serial = ?').run(device, second.serial);
  owner.revoke({ serial: second.serial }, cause);
  expect([run === second.run, withoutCertificate]).toEqual([false, [other.device]]);
});

test('many at once are one publication, and the screens read the list', async () => {
  const made = Array.from({ length: 60 }, () => here.run());
  const csv = `serial\n${made.map(({ serial }) => serial).join('\n')}\n`;
  const { count, digest, rows } = owner.previewMany({ csv });
  expect([count, rows.length]).toEqual([60, 60]);
  expect(await owner.revokeMany({ csv }, { ...cause, digest })).toBe(60);
  expect([publications, told.length, withoutCertificate.length]).toEqual([1, 50, 60]);
});
