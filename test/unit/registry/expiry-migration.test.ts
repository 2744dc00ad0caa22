import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openRegistry } from '../../../src-main/station/registry/index.ts';
import { migrations } from '../../../src-main/station/registry/migrations.ts';
import { expiry } from '../../../src-main/station/registry/migrations/expiry.ts';
import { FakeClock } from '../../support/registry.ts';

test('a registry in which a clock that was ahead marked everything EXPIRED gets back what each certificate was', () => {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-expiry-'));
  const db = new Database(join(dir, 'station.db'));
  db.pragma('foreign_keys = OFF');
  const before = migrations.indexOf(expiry);
  for (const migration of migrations.slice(0, before)) db.exec(migration);
  db.pragma(`user_version = ${String(before)}`);
  db.prepare(
    `INSERT INTO issuers (id, kind, subject, algorithm, cka_id, spki_sha256, key_id, certificate, fingerprint, not_before, not_after, proof, created_at)
       VALUES ('ca', 'issuing', 'CA', 'ec-p256', '', '', '', x'00', '', '2026', '2036', '[]', '')`,
  ).run();
  const made = '2026-01-01T00:00:00.000Z';
  const statuses = ['ACTIVE', 'ROTATING', 'SIGNED', 'RESERVED', 'REVOKED', 'EXPIRED'] as const;
  type Status = (typeof statuses)[number];
  const serialOf = (status: Status): string => `A${String(statuses.indexOf(status))}`;
  const insert = (
    status: Status,
    { der = 'x', grace = null as string | null, activated = false, revoked = false, end = '2027-06-01' },
  ): void => {
    const serial = serialOf(status);
    db.prepare(
      `INSERT INTO certificates (serial, issuer, use, device, status, spki_sha256, not_before, not_after, der, grace_until, created_at, updated_at)
         VALUES (?, 'ca', 'device', ?, 'EXPIRED', '', ?, ?, ?, ?, ?, ?)`,
    ).run(serial, `acme/${status}`, made, `${end}T00:00:00.000Z`, der === '' ? null : Buffer.from(der), grace, made, made);
    if (activated)
      db.prepare(
        `INSERT INTO audit VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM audit), '', '', 'certificate.activate', ?, '', '', '')`,
      ).run(serial);
    if (revoked)
      db.prepare(
        `INSERT INTO revocations (serial, issuer, partition, not_after, reason, note, operator, recorded_at) VALUES (?, 'ca', 0, '2027', 'unspecified', '', '', ?)`,
      ).run(serial, made);
  };
  insert('ACTIVE', { activated: true });
  insert('ROTATING', { activated: true, grace: '2026-07-01T00:00:00.000Z' });
  insert('SIGNED', {});
  insert('RESERVED', { der: '' });
  insert('REVOKED', { activated: true, revoked: true });
  insert('EXPIRED', { activated: true, end: '2026-05-31' });
  db.close();
  const { certificates, close } = openRegistry(dir, new FakeClock());
  const { rows } = certificates.list({ search: '', limit: 10 });
  expect(Object.fromEntries(rows.map(({ serial, status }) => [serial, status]))).toEqual(
    Object.fromEntries(statuses.map((status) => [serialOf(status), status])),
  );
  expect(certificates.countByStatus('ca')).toEqual({ RESERVED: 1, SIGNED: 1, ACTIVE: 1, ROTATING: 1, EXPIRED: 1, REVOKED: 1 });
  close();
  rmSync(dir, { recursive: true });
});
