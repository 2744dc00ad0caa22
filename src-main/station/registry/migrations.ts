import { crlHistory } from './migrations/crl-history.ts';
import { actorsMigration } from './migrations/actors.ts';
import { approval } from './migrations/approval.ts';
import { devicesListed } from './migrations/devices-listed.ts';
import { deviceFields } from './migrations/device-fields.ts';
import { crlPoint } from './migrations/crl-point.ts';
import { expiry } from './migrations/expiry.ts';
import { recordsMigration } from './migrations/records.ts';
import { requests } from './migrations/requests.ts';
import { rotation } from './migrations/rotation.ts';
import { bundlesMigration } from './migrations/bundles.ts';
import { ceremoniesMigration } from './migrations/ceremonies.ts';
import { loginsMigration } from './migrations/logins.ts';
import { runProof } from './migrations/run-proof.ts';
import { accessKeysMigration } from './migrations/access-keys.ts';
import { httpCallers } from './migrations/http-callers.ts';
import { httpListeners } from './migrations/http-listeners.ts';
import { signInsMigration } from './migrations/sign-ins.ts';

/** Numbered and append-only: a released migration is never edited. The number is SQLite's user_version after it. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE operators (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('technician','officer','support')),
    password TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    locked_until TEXT
  ) STRICT;

  CREATE TABLE issuers (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('root','issuing','server')),
    subject TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    cka_id TEXT NOT NULL,
    spki_sha256 TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL,
    certificate BLOB NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    proof TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    product TEXT NOT NULL,
    device_profile TEXT NOT NULL,
    certificate_profile TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    id_prefix TEXT NOT NULL,
    next_number INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE devices (
    device TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    hardware_id TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL,
    order_id TEXT REFERENCES orders (id),
    proof_level TEXT,
    created_at TEXT NOT NULL
  ) STRICT;

  -- A key belongs to one device for ever: two devices with one key mean a broken random number generator.
  CREATE TABLE device_keys (
    spki_sha256 TEXT PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (device),
    seen_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    slot INTEGER NOT NULL,
    order_id TEXT NOT NULL REFERENCES orders (id),
    hardware_id TEXT,
    device TEXT REFERENCES devices (device),
    serial TEXT,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    verdict TEXT CHECK (verdict IN ('PASS','FAIL','NOT_VERIFIED')),
    failure TEXT,
    proof_level TEXT,
    deadline TEXT,
    CHECK (verdict IS NOT 'NOT_VERIFIED' OR deadline IS NOT NULL)
  ) STRICT;
  CREATE INDEX runs_open ON runs (verdict) WHERE verdict IS NULL OR verdict = 'NOT_VERIFIED';
  CREATE INDEX runs_order ON runs (order_id, verdict);
  CREATE INDEX runs_device ON runs (device);

  CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id),
    step TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('begin','done')),
    at TEXT NOT NULL,
    ms REAL
  ) STRICT;
  CREATE INDEX journal_run ON journal (run, seq);

  CREATE TABLE certificates (
    serial TEXT PRIMARY KEY,
    issuer TEXT NOT NULL REFERENCES issuers (id),
    use TEXT NOT NULL CHECK (use IN ('device','canary-good','canary-revoked','service')),
    device TEXT NOT NULL,
    run TEXT REFERENCES runs (id),
    order_id TEXT REFERENCES orders (id),
    status TEXT NOT NULL CHECK (status IN ('RESERVED','SIGNED','ACTIVE','EXPIRED','REVOKED')),
    spki_sha256 TEXT NOT NULL,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    fingerprint TEXT UNIQUE,
    der BLOB,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK (status IN ('RESERVED','REVOKED','EXPIRED') OR der IS NOT NULL)
  ) STRICT;
  CREATE INDEX certificates_device ON certificates (device);
  CREATE INDEX certificates_status ON certificates (status, created_at);
  CREATE INDEX certificates_created ON certificates (created_at);
  CREATE INDEX certificates_run ON certificates (run);

  CREATE TRIGGER certificates_forward BEFORE UPDATE OF status ON certificates
  WHEN OLD.status IN ('EXPIRED','REVOKED') AND NEW.status <> OLD.status
    OR OLD.status = 'ACTIVE' AND NEW.status IN ('RESERVED','SIGNED')
    OR OLD.status = 'SIGNED' AND NEW.status = 'RESERVED'
  BEGIN SELECT RAISE(ABORT, 'certificate status moves forward only'); END;
  -- How many there are of each status, kept while writing: the status bar asks all the time, at a million rows too.
  CREATE TABLE certificate_counts (issuer TEXT NOT NULL, use TEXT NOT NULL, status TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (issuer, use, status)) STRICT, WITHOUT ROWID;
  CREATE TRIGGER certificates_counted_new AFTER INSERT ON certificates BEGIN
    INSERT INTO certificate_counts VALUES (NEW.issuer, NEW.use, NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER certificates_counted_moved AFTER UPDATE OF status ON certificates WHEN OLD.status <> NEW.status BEGIN
    UPDATE certificate_counts SET n = n - 1 WHERE issuer = OLD.issuer AND use = OLD.use AND status = OLD.status;
    INSERT INTO certificate_counts VALUES (NEW.issuer, NEW.use, NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER certificates_kept BEFORE DELETE ON certificates
  BEGIN SELECT RAISE(ABORT, 'certificate records are kept'); END;

  CREATE TABLE revocations (
    serial TEXT PRIMARY KEY REFERENCES certificates (serial),
    issuer TEXT NOT NULL REFERENCES issuers (id),
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    operator TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    published_at TEXT,
    effective_at TEXT,
    crl_number INTEGER,
    live_session_gone_ms REAL
  ) STRICT;
  CREATE INDEX revocations_recorded ON revocations (recorded_at);
  CREATE INDEX revocations_waiting ON revocations (serial) WHERE effective_at IS NULL;
  CREATE TRIGGER revocations_kept BEFORE DELETE ON revocations
  BEGIN SELECT RAISE(ABORT, 'a revocation is final'); END;

  CREATE TABLE crls (
    issuer TEXT NOT NULL REFERENCES issuers (id),
    number INTEGER NOT NULL,
    this_update TEXT NOT NULL,
    next_update TEXT NOT NULL,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    published_at TEXT,
    PRIMARY KEY (issuer, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('device','certificate','revocation')),
    key TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is kept'); END;
  CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is not changed'); END;
  -- The head stands apart, so that lines cut off at the end are missed.
  CREATE TABLE audit_head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
  `,
  `
  -- Rotation, certificates for brokers, several issuers, devices that wait for approval.
  CREATE TABLE certificates_new (
    serial TEXT PRIMARY KEY,
    issuer TEXT NOT NULL REFERENCES issuers (id),
    partition INTEGER NOT NULL DEFAULT 0,
    profile TEXT,
    use TEXT NOT NULL CHECK (use IN ('device','canary-good','canary-revoked','service','server')),
    device TEXT NOT NULL,
    run TEXT REFERENCES runs (id),
    order_id TEXT REFERENCES orders (id),
    status TEXT NOT NULL CHECK (status IN ('RESERVED','SIGNED','ACTIVE','ROTATING','EXPIRED','REVOKED')),
    spki_sha256 TEXT NOT NULL,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    fingerprint TEXT UNIQUE,
    der BLOB,
    -- The certificate that this one takes over from, and, of one that is being replaced, until when both are good.
    replaces TEXT REFERENCES certificates (serial),
    grace_until TEXT,
    -- What the device's attestation proved, as JSON.
    attestation TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK (status IN ('RESERVED','REVOKED','EXPIRED') OR der IS NOT NULL),
    CHECK (status <> 'ROTATING' OR grace_until IS NOT NULL)
  ) STRICT;
  INSERT INTO certificates_new (serial, issuer, use, device, run, order_id, status, spki_sha256, not_before, not_after, fingerprint, der, created_at, updated_at)
    SELECT serial, issuer, use, device, run, order_id, status, spki_sha256, not_before, not_after, fingerprint, der, created_at, updated_at FROM certificates ORDER BY rowid;
  DROP TABLE certificates;
  ALTER TABLE certificates_new RENAME TO certificates;
  CREATE INDEX certificates_device ON certificates (device);
  CREATE INDEX certificates_status ON certificates (status, created_at);
  CREATE INDEX certificates_created ON certificates (created_at);
  CREATE INDEX certificates_run ON certificates (run);

  CREATE TRIGGER certificates_forward BEFORE UPDATE OF status ON certificates
  WHEN OLD.status IN ('EXPIRED','REVOKED') AND NEW.status <> OLD.status
    OR OLD.status = 'ROTATING' AND NEW.status IN ('RESERVED','SIGNED','ACTIVE')
    OR OLD.status = 'ACTIVE' AND NEW.status IN ('RESERVED','SIGNED')
    OR OLD.status = 'SIGNED' AND NEW.status = 'RESERVED'
  BEGIN SELECT RAISE(ABORT, 'certificate status moves forward only'); END;
  CREATE TRIGGER certificates_counted_new AFTER INSERT ON certificates BEGIN
    INSERT INTO certificate_counts VALUES (NEW.issuer, NEW.use, NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER certificates_counted_moved AFTER UPDATE OF status ON certificates WHEN OLD.status <> NEW.status BEGIN
    UPDATE certificate_counts SET n = n - 1 WHERE issuer = OLD.issuer AND use = OLD.use AND status = OLD.status;
    INSERT INTO certificate_counts VALUES (NEW.issuer, NEW.use, NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER certificates_kept BEFORE DELETE ON certificates
  BEGIN SELECT RAISE(ABORT, 'certificate records are kept'); END;
  CREATE INDEX certificates_order ON certificates (order_id);
  CREATE INDEX certificates_end ON certificates (not_after) WHERE status IN ('RESERVED','SIGNED','ACTIVE','ROTATING');
  CREATE INDEX certificates_grace ON certificates (grace_until) WHERE status = 'ROTATING';

  CREATE TABLE devices_new (
    device TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    -- NULL: registered before anyone has seen the unit, or its credentials travel as a bundle.
    hardware_id TEXT UNIQUE,
    model TEXT NOT NULL,
    order_id TEXT REFERENCES orders (id),
    state TEXT NOT NULL DEFAULT 'APPROVED' CHECK (state IN ('PENDING','APPROVED')),
    proof_level TEXT,
    created_at TEXT NOT NULL
  ) STRICT;
  INSERT INTO devices_new (device, tenant, id, hardware_id, model, order_id, proof_level, created_at)
    SELECT device, tenant, id, hardware_id, model, order_id, proof_level, created_at FROM devices ORDER BY rowid;
  DROP TABLE devices;
  ALTER TABLE devices_new RENAME TO devices;

  -- active: signs certificates and CRLs; retiring: CRLs only, until its last certificate has expired; ended: neither.
  ALTER TABLE issuers ADD COLUMN state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active','retiring','ended'));
  ALTER TABLE issuers ADD COLUMN partitions INTEGER NOT NULL DEFAULT 1;
  -- The token that holds the key as JSON; NULL: the station's.
  ALTER TABLE issuers ADD COLUMN token TEXT;
  -- Certificates above this issuer's own that are not ours, DER, the nearest first, as a JSON array of base64.
  ALTER TABLE issuers ADD COLUMN chain TEXT NOT NULL DEFAULT '[]';

  ALTER TABLE crls ADD COLUMN partition INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- An end is told of once for each threshold; the row is the memory of it.
  CREATE TABLE notices (
    serial TEXT NOT NULL REFERENCES certificates (serial),
    days INTEGER NOT NULL,
    at TEXT NOT NULL,
    published_at TEXT,
    PRIMARY KEY (serial, days)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX notices_waiting ON notices (at) WHERE published_at IS NULL;
  `,
  crlHistory,
  approval,
  rotation,
  bundlesMigration,
  requests,
  ceremoniesMigration,
  runProof,
  loginsMigration,
  recordsMigration,
  signInsMigration,
  expiry,
  accessKeysMigration,
  crlPoint,
  actorsMigration,
  devicesListed,
  deviceFields,
  httpListeners,
  httpCallers,
];
