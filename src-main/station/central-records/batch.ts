import { z } from 'zod';
import { Failure, unwrap, usualFields } from '../../contract/index.ts';
import { certificateToPem } from '../ca/index.ts';
import type {
  AlertRecord,
  CertificateRecordRow,
  Checkpoint,
  DeviceRecord,
  PublishedCrl,
  RecordKind,
  Registry,
  Stretch,
} from '../registry/index.ts';
import { columnsOf } from './arrays.ts';
import type { Connection } from './connection.ts';

/** What a stretch of the log comes to: the records as they are now, ready to be sent. */
export interface Batch {
  readonly stretch: Stretch;
  readonly devices: readonly DeviceRecord[];
  readonly certificates: readonly string[];
  readonly certificateCount: number;
  readonly crls: readonly (PublishedCrl & { readonly key: string })[];
  readonly alerts: readonly (AlertRecord & { readonly key: string })[];
  readonly checkpoints: readonly Checkpoint[];
  /** Ids of requests that were sent or answered. */
  readonly requests: readonly string[];
}

/** What the database has otherwise: told, and left there as it is. */
export interface Conflict {
  readonly kind: RecordKind;
  readonly key: string;
  readonly failure: Failure;
}

const part = (device: string, use: string, index: 0 | 1): string | null => (use === 'device' ? (device.split('/')[index] ?? null) : null);

/** Those that every list may have are columns there; the rest are one object. */
const isUsual = new Set<string>(usualFields);
const ownFields = ({ fields }: DeviceRecord): string =>
  JSON.stringify(Object.fromEntries(Object.entries(fields).filter(([name]) => !isUsual.has(name))));

const deviceColumns: readonly ((row: DeviceRecord) => string | null)[] = [
  ({ device }) => part(device, 'device', 0),
  ({ device }) => part(device, 'device', 1),
  (row) => row.hardwareId,
  (row) => row.model,
  (row) => row.state,
  (row) => row.proofLevel,
  (row) => row.createdAt,
  ...usualFields.map(
    (name) =>
      ({ fields }: DeviceRecord) =>
        fields[name] ?? null,
  ),
  ownFields,
];
const certificateColumns: readonly ((row: CertificateRecordRow) => string | null)[] = [
  (row) => row.issuer,
  (row) => row.serial,
  (row) => row.use,
  ({ device, use }) => part(device, use, 0),
  ({ device, use }) => part(device, use, 1),
  (row) => row.device,
  (row) => row.fingerprint,
  ({ der }) => (der === null ? null : certificateToPem(der)),
  (row) => row.status,
  (row) => row.notBefore,
  (row) => row.notAfter,
  (row) => row.revokedAt,
  (row) => row.reason,
  (row) => row.createdAt,
  (row) => row.updatedAt,
];

/** Reads the registry once; the database does not have to be there. */
export function readBatch({ records }: Registry, stretch: Stretch): Batch {
  const certificates = records.certificates(stretch);
  const each = <T>(kind: RecordKind, read: (key: string) => T | null): T[] =>
    records
      .keys(stretch, kind)
      .map(read)
      .filter((one) => one !== null);
  return {
    stretch,
    devices: records.devices(stretch),
    certificates: columnsOf(certificates, certificateColumns),
    certificateCount: certificates.length,
    crls: each('crl', (key) => {
      const crl = records.crl(key);
      return crl === null ? null : { ...crl, key };
    }),
    alerts: each('alert', (key) => {
      const alert = records.alert(key);
      return alert === null ? null : { ...alert, key };
    }),
    checkpoints: each('audit', (key) => records.checkpointAt(Number(key))),
    requests: records.keys(stretch, 'request'),
  };
}

/** Sends all of it but the requests, in the transaction of `db`. May be sent again at any time, by a later station too: what is there already stays. */
export async function sendBatch(db: Connection, batch: Batch, registered: ReadonlySet<string>): Promise<Conflict[]> {
  const tenantOf = ({ device, use = 'device' }: { readonly device: string; readonly use?: string }): string | null => part(device, use, 0);
  const isRegistered = (one: { readonly device: string; readonly use?: string }): boolean => {
    const tenant = tenantOf(one);
    return tenant === null || registered.has(tenant);
  };
  const unregistered = (kind: RecordKind, key: string, device: string): Conflict => ({
    kind,
    key,
    failure: new Failure('RECORDS_TENANT_UNREGISTERED', {
      tenant: part(device, 'device', 0) ?? '',
      host: db.host.host,
      port: db.host.port,
    }),
  });
  const devices = batch.devices.filter(isRegistered);
  const alerts = batch.alerts.filter(isRegistered);
  const found = await Promise.all([
    devices.length > 0 ? sendDevices(db, columnsOf(devices, deviceColumns)) : [],
    batch.certificateCount > 0 ? sendCertificates(db, batch.certificates) : [],
    ...batch.crls.map((crl) => sendCrl(db, crl)),
    alerts.length > 0 ? sendAlerts(db, alerts) : [],
    ...batch.checkpoints.map((checkpoint) => sendCheckpoint(db, checkpoint)),
  ]);
  return [
    ...found.flat(),
    ...batch.devices.filter((one) => !isRegistered(one)).map(({ device }) => unregistered('device', device, device)),
    ...batch.alerts.filter((one) => !isRegistered(one)).map(({ key, device }) => unregistered('alert', key, device)),
  ];
}

/** Statements that were asked for together, in order; the answer to the last one. Rejects with the first failure. */
const last = async <T>(before: readonly Promise<unknown>[], answer: Promise<T>): Promise<T> => (await Promise.all([answer, ...before]))[0];

async function sendDevices(db: Connection, columns: readonly string[]): Promise<Conflict[]> {
  const [tenants, devices, , , , , created] = columns;
  const sent = db.run(
    'devices',
    `INSERT INTO devices AS d (tenant_id, device_id, hardware_id, model, state, proof_level, created_at, name, type, location, firmware, fields, station)
       SELECT u.*, $13 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[],
         $10::text[], $11::text[], $12::jsonb[]) AS u
     ON CONFLICT (tenant_id, device_id) DO UPDATE
       SET hardware_id = excluded.hardware_id, model = excluded.model, state = excluded.state, proof_level = excluded.proof_level,
         name = excluded.name, type = excluded.type, location = excluded.location, firmware = excluded.firmware, fields = excluded.fields
       WHERE d.station = excluded.station
         AND (d.hardware_id, d.model, d.state, d.proof_level, d.name, d.type, d.location, d.firmware, d.fields) IS DISTINCT FROM
           (excluded.hardware_id, excluded.model, excluded.state, excluded.proof_level, excluded.name, excluded.type, excluded.location, excluded.firmware,
             excluded.fields)`,
    [...columns, db.station],
  );
  const told = db.read(
    z.object({ tenant: z.string(), id: z.string(), other: z.string() }),
    'devices taken',
    `WITH taken AS (
       SELECT d.tenant_id, d.device_id, s.name || ' (' || s.station || ')' AS other, u.created_at
       FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS u (tenant_id, device_id, created_at)
         JOIN devices d USING (tenant_id, device_id) JOIN stations s ON s.station = d.station
       WHERE d.station <> $4
     ), told AS (
       INSERT INTO alerts (station, alert_key, kind, severity, tenant_id, device_id, common_name, raised_at)
         SELECT $4, 'DEVICE_ID_TAKEN/' || tenant_id || '/' || device_id, 'DEVICE_ID_TAKEN', 'HIGH', tenant_id, device_id, tenant_id || '/' || device_id, created_at
         FROM taken
       ON CONFLICT DO NOTHING
     )
     SELECT tenant_id AS tenant, device_id AS id, other FROM taken`,
    [tenants, devices, created, db.station],
  );
  const taken = await last([sent], told);
  return taken.map(({ tenant, id, other }) => {
    const device = `${tenant}/${id}`;
    return { kind: 'device', key: device, failure: new Failure('RECORDS_DEVICE_TAKEN', { device, other }) };
  });
}

async function sendCertificates(db: Connection, columns: readonly string[]): Promise<Conflict[]> {
  await db.run(
    'certificates',
    `INSERT INTO device_certificates AS c (issuer, serial_number, use, tenant_id, device_id, common_name, fingerprint_sha256, cert_pem, status,
         not_before, not_after, revoked_at, reason, created_at, updated_at, station)
       SELECT u.*, $16 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::record_status[],
         $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::timestamptz[], $15::timestamptz[]) AS u
     ON CONFLICT (issuer, serial_number) DO UPDATE
       SET status = CASE WHEN c.status = 'EXPIRED' THEN excluded.status ELSE greatest(c.status, excluded.status) END,
         fingerprint_sha256 = coalesce(c.fingerprint_sha256, excluded.fingerprint_sha256), cert_pem = coalesce(c.cert_pem, excluded.cert_pem),
         revoked_at = coalesce(c.revoked_at, excluded.revoked_at), reason = coalesce(c.reason, excluded.reason),
         updated_at = greatest(c.updated_at, excluded.updated_at)
       WHERE c.station = excluded.station
         AND (excluded.status > c.status OR c.status = 'EXPIRED' AND excluded.status <> 'EXPIRED' OR c.fingerprint_sha256 IS NULL AND excluded.fingerprint_sha256 IS NOT NULL)`,
    [...columns, db.station],
  );
  return [];
}

async function sendCrl(db: Connection, crl: Batch['crls'][number]): Promise<Conflict[]> {
  const { key, issuer, partition, number, sha256, entries, thisUpdate, nextUpdate, publishedAt } = crl;
  const sent = db.run(
    'crl',
    `INSERT INTO crl_publications AS c (issuer, partition, crl_number, sha256, entries, this_update, next_update, published_at, station)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (issuer, partition) DO UPDATE
       SET crl_number = excluded.crl_number, sha256 = excluded.sha256, entries = excluded.entries, this_update = excluded.this_update,
         next_update = excluded.next_update, published_at = excluded.published_at
       WHERE c.crl_number < excluded.crl_number`,
    [issuer, partition, number, sha256, entries, thisUpdate, nextUpdate, publishedAt, db.station],
  );
  const asked = db.read(
    z.object({ number: z.string(), sha256: z.string() }),
    'crl there',
    'SELECT crl_number AS number, sha256 FROM crl_publications WHERE issuer = $1 AND partition = $2',
    [issuer, partition],
  );
  const [there] = await last([sent], asked);
  const { number: newest, sha256: hash } = unwrap(there, 'it was just written, or was there');
  const told = (failure: Failure): Conflict[] => [{ kind: 'crl', key, failure }];
  if (Number(newest) > number) return told(new Failure('RECORDS_CRL_NEWER', { issuer, there: newest, here: number }));
  if (hash !== sha256) return told(new Failure('RECORDS_CRL_DIFFERS', { issuer, number, there: hash, here: sha256 }));
  return [];
}

const dayMs = 86_400_000;

async function sendAlerts(db: Connection, alerts: Batch['alerts']): Promise<Conflict[]> {
  const columns = columnsOf<AlertRecord>(alerts, [
    ({ fingerprint, days }) => `CERT_EXPIRING/${fingerprint}/${String(days)}`,
    ({ device, use }) => part(device, use, 0),
    ({ device, use }) => part(device, use, 1),
    (row) => row.device,
    (row) => row.fingerprint,
    (row) => row.notAfter,
    ({ notAfter, at }) => Math.max(0, Math.floor((Date.parse(notAfter) - Date.parse(at)) / dayMs)),
    (row) => row.at,
  ]);
  await db.run(
    'alerts',
    `INSERT INTO alerts (alert_key, tenant_id, device_id, common_name, fingerprint_sha256, expires_at, days_remaining, raised_at, kind, severity, station)
       SELECT u.*, 'CERT_EXPIRING', 'HIGH', $9
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::integer[], $8::timestamptz[]) AS u
     ON CONFLICT DO NOTHING`,
    [...columns, db.station],
  );
  return [];
}

async function sendCheckpoint(db: Connection, { seq, hash, at }: Checkpoint): Promise<Conflict[]> {
  const sent = db.run(
    'checkpoint',
    'INSERT INTO audit_checkpoints (station, seq, hash, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [db.station, seq, hash, at],
  );
  const asked = db.read(
    z.object({ hash: z.string() }),
    'checkpoint there',
    'SELECT hash FROM audit_checkpoints WHERE station = $1 AND seq = $2',
    [db.station, seq],
  );
  const [there] = await last([sent], asked);
  return there?.hash === hash ? [] : [{ kind: 'audit', key: String(seq), failure: new Failure('RECORDS_AUDIT_DIFFERS', { seq }) }];
}

/**
 * Says who we are, and asks what the administrator registered: the tenants that we may record devices of. RECORDS_ISSUER_TAKEN or
 * RECORDS_ISSUER_UNREGISTERED for a CA of ours: then nothing may be sent.
 */
export async function introduce(db: Connection, registry: Registry): Promise<ReadonlySet<string>> {
  const name = registry.settings.get('name') ?? '';
  await db.run('station', 'UPDATE stations SET name = $2, last_seen_at = now() WHERE station = $1', [db.station, name]);
  const issuers = registry.issuers.signsCrls();
  const there = await db.read(
    z.object({ key: z.string(), station: z.string() }),
    'issuers',
    'SELECT key_id AS key, station FROM issuers WHERE key_id = ANY ($1::text[])',
    [issuers.map(({ keyId }) => keyId)],
  );
  for (const { keyId, subject } of issuers) {
    const known = there.find(({ key }) => key === keyId);
    const { host, port } = db.host;
    if (known === undefined) throw new Failure('RECORDS_ISSUER_UNREGISTERED', { issuer: subject, host, port });
    if (known.station !== db.station) throw new Failure('RECORDS_ISSUER_TAKEN', { issuer: subject, other: known.station });
  }
  const tenants = await db.read(z.object({ tenant: z.string() }), 'own tenants', 'SELECT own_tenants() AS tenant');
  return new Set(tenants.map(({ tenant }) => tenant));
}
