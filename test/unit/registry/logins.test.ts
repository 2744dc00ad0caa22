import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPassword, passwordHash } from '../../../src-main/station/broker/index.ts';
import { accessOf, changePasswordPort } from '../../../src-main/station/publication/access.ts';
import { TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
const hash = passwordHash(newPassword());
beforeEach(() => {
  here = new TestRegistry();
  changePasswordPort(here.registry, 8884, 'Olga');
});
afterEach(() => here.dispose());

/** A device with a password; whatever its run has signed is on it. */
function device(signed: boolean): { device: string; serial: string } {
  const made = here.run({ signed });
  if (!signed) here.registry.certificates.revoke(made.serial, 'superseded', '', 'test');
  here.clock.pass(1_000);
  give(made.device);
  return made;
}
const give = (username: string): void =>
  here.registry.logins.set({ username, kind: 'device', password: hash, reads: [], writes: [] }, 'Olga');
const refusal = (username: string): string | null | undefined =>
  here.registry.logins.list().find((one) => one.username === username)?.refusal;
const tenant = (mode: 'certificates' | 'passwords' | null, hours: number | null = null): void =>
  here.registry.logins.setTenant(
    { tenant: 'acme', mode, until: hours === null ? null : new Date(here.clock.now() + hours * 3_600_000).toISOString(), reason: 'test' },
    'Olga',
  );

test('a device without a certificate logs in with its password and has its topics; nobody does without a listener', () => {
  const { device: name } = device(false);
  expect(accessOf(here.registry)).toMatchObject({ devices: [name], passwords: [{ username: name, hash }] });
  changePasswordPort(here.registry, null, 'Olga');
  expect(accessOf(here.registry)).toMatchObject({ devices: [], passwords: [] });
});

test('the certificate wins where both exist; the tenant’s switch turns it round until its time is over', () => {
  const { device: name } = device(true);
  expect(refusal(name)).toBe('certificate');
  tenant('passwords', 2);
  expect(refusal(name)).toBeNull();
  expect(accessOf(here.registry).passwords).toHaveLength(1);
  here.clock.pass(2 * 3_600_000 - 1);
  expect(here.registry.logins.endRollbacks()).toBe(0);
  here.clock.pass(1);
  expect(here.registry.logins.endRollbacks()).toBe(1);
  expect(refusal(name)).toBe('certificate');
  expect(here.registry.logins.tenants()).toEqual([]);
});

test('a tenant that uses certificates only: no password of its devices is taken', () => {
  const { device: name } = device(false);
  tenant('certificates');
  expect(refusal(name)).toBe('tenant');
  expect(accessOf(here.registry)).toMatchObject({ devices: [], passwords: [] });
  tenant(null);
  expect(refusal(name)).toBeNull();
});

test('a revocation ends the password, with passwords instead of certificates too; one that an officer gives later was meant', () => {
  const { device: name, serial } = device(true);
  tenant('passwords', 5);
  here.registry.certificates.revoke(serial, 'keyCompromise', '', 'Olga');
  expect(refusal(name)).toBe('revoked');
  expect(accessOf(here.registry)).toMatchObject({ devices: [], passwords: [] });
  here.clock.pass(1_000);
  give(name);
  expect(refusal(name)).toBeNull();
});

test('a device that an officer refused logs in with nothing', () => {
  const { device: name } = device(false);
  here.registry.devices.decide(name, 'REFUSED', 'stolen', 'Olga');
  expect(refusal(name)).toBe('not-approved');
});

test('a service has what it was given, under both of its names; each change is in the audit log, no password is', () => {
  const { logins, store } = here.registry;
  logins.set({ username: 'birthmark:ingest', kind: 'service', password: hash, reads: ['tenant/#'], writes: [] }, 'Olga');
  expect(accessOf(here.registry)).toMatchObject({
    services: [{ name: 'ingest', reads: ['tenant/#'], writes: [] }],
    passwords: [{ username: 'birthmark~ingest', hash }],
  });
  expect(logins.remove('birthmark:ingest', 'Olga')).toBe(true);
  expect(logins.remove('birthmark:ingest', 'Olga')).toBe(false);
  const lines = store.db
    .prepare<unknown[], Record<string, unknown>>(`SELECT action, detail FROM audit WHERE action LIKE 'login.%' ORDER BY seq`)
    .all();
  expect(lines.map(({ action }) => action)).toEqual(['login.set', 'login.remove']);
  expect(JSON.stringify(lines)).not.toContain('$7$');
});
