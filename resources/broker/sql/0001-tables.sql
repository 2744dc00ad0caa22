-- Roles belong to the whole server: another database may have made them.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['birthmark_owner', 'birthmark_station', 'birthmark_dashboard', 'birthmark_ingest'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    END IF;
  END LOOP;
END
$$;

CREATE SCHEMA birthmark AUTHORIZATION birthmark_owner;
SET LOCAL ROLE birthmark_owner;
SET LOCAL search_path = birthmark;

-- In the order of its rank: what is recorded only ever moves to the right.
CREATE TYPE record_status AS ENUM ('SIGNED', 'ACTIVE', 'ROTATING', 'EXPIRED', 'REVOKED');
CREATE TYPE request_state AS ENUM ('REQUESTED', 'ACCEPTED', 'REFUSED');

CREATE DOMAIN sha256_hex AS text CHECK (length(VALUE) = 64);
CREATE DOMAIN tenant_name AS text CHECK (length(VALUE) BETWEEN 1 AND 64);

CREATE TABLE stations (
  station text PRIMARY KEY CHECK (station ~ '^[a-z0-9]{1,32}$'),
  name text NOT NULL CHECK (length(name) <= 200),
  added_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  last_seen_at timestamptz
);
COMMENT ON TABLE stations IS 'Who may write here. Each logs in as station_ID with the client certificate CN=birthmark:records-ID; closed_at: it no longer may.';

CREATE TABLE tenants (
  tenant_id tenant_name PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tenants IS 'The customers that devices belong to; a station adds one with its first device.';

CREATE TABLE issuers (
  key_id text PRIMARY KEY CHECK (length(key_id) = 40),
  station text NOT NULL REFERENCES stations,
  kind text NOT NULL CHECK (kind IN ('root', 'issuing', 'server')),
  subject text NOT NULL,
  fingerprint_sha256 sha256_hex NOT NULL,
  cert_pem text NOT NULL,
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL
);
COMMENT ON TABLE issuers IS 'The CAs of the stations. Only the station that an issuer belongs to records its certificates, lists and revocations.';
COMMENT ON COLUMN issuers.key_id IS 'Subject key identifier (RFC 5280 4.2.1.2), lower-case hex: the authority key identifier in its certificates';

CREATE TABLE devices (
  tenant_id tenant_name NOT NULL REFERENCES tenants,
  device_id text NOT NULL CHECK (length(device_id) BETWEEN 1 AND 64),
  station text NOT NULL REFERENCES stations,
  hardware_id text,
  model text NOT NULL,
  state text NOT NULL CHECK (state IN ('PENDING', 'APPROVED', 'REFUSED')),
  proof_level text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, device_id)
);
COMMENT ON TABLE devices IS 'Registered devices. A device belongs to the station that recorded it first; another that uses the same name is told so and changes nothing.';

CREATE TABLE device_certificates (
  issuer text NOT NULL REFERENCES issuers,
  serial_number text NOT NULL,
  use text NOT NULL,
  tenant_id text,
  device_id text,
  common_name text NOT NULL,
  fingerprint_sha256 text,
  cert_pem text,
  status record_status NOT NULL,
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  revoked_at timestamptz,
  reason text,
  station text NOT NULL REFERENCES stations,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT device_certificates_pkey PRIMARY KEY (issuer, serial_number),
  CONSTRAINT device_certificates_fingerprint UNIQUE (fingerprint_sha256) INCLUDE (status, not_after),
  CONSTRAINT device_certificates_whole CHECK (
    (use <> 'device' OR (tenant_id IS NOT NULL AND device_id IS NOT NULL))
    AND (status <> 'REVOKED' OR (revoked_at IS NOT NULL AND reason IS NOT NULL))
    AND (status IN ('REVOKED', 'EXPIRED') OR (cert_pem IS NOT NULL AND fingerprint_sha256 IS NOT NULL))
    AND (fingerprint_sha256 IS NULL OR length(fingerprint_sha256) = 64)
  )
)
-- Index-only status queries want a fresh visibility map.
WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02, fillfactor = 90);
CREATE INDEX device_certificates_common_name ON device_certificates (common_name) INCLUDE (status, not_after);
CREATE INDEX device_certificates_tenant ON device_certificates (tenant_id);
COMMENT ON TABLE device_certificates IS 'Every certificate that a station signed, for devices and for itself. Recorded whoever the device belongs to: a revocation must not get lost.';
COMMENT ON COLUMN device_certificates.use IS 'device, server (a broker), service and canary-* (a station''s own)';
COMMENT ON COLUMN device_certificates.status IS 'SIGNED: not proven yet. ACTIVE. ROTATING: good beside its successor. EXPIRED. REVOKED is final';
COMMENT ON COLUMN device_certificates.fingerprint_sha256 IS 'SHA-256 of the DER, lower-case hex; NULL of one whose signing was cut off and which was revoked for that';
COMMENT ON COLUMN device_certificates.reason IS 'RFC 5280 5.3.1';

CREATE TABLE crl_publications (
  issuer text NOT NULL REFERENCES issuers,
  partition integer NOT NULL,
  crl_number bigint NOT NULL,
  sha256 sha256_hex NOT NULL,
  entries integer NOT NULL,
  this_update timestamptz NOT NULL,
  next_update timestamptz NOT NULL,
  published_at timestamptz NOT NULL,
  station text NOT NULL REFERENCES stations,
  PRIMARY KEY (issuer, partition)
);
COMMENT ON TABLE crl_publications IS 'The newest revocation list of each issuer (and partition) that a broker host has in force; its number only grows.';

CREATE TABLE revocation_requests (
  id uuid PRIMARY KEY,
  fingerprint_sha256 sha256_hex NOT NULL,
  common_name text,
  reason text NOT NULL,
  note text NOT NULL,
  station text NOT NULL REFERENCES stations,
  operator text NOT NULL,
  requested_at timestamptz NOT NULL,
  request_file text NOT NULL CHECK (length(request_file) <= 200000),
  state request_state NOT NULL DEFAULT 'REQUESTED',
  answered_at timestamptz,
  answered_by text,
  answer text,
  answer_file text CHECK (length(answer_file) <= 200000),
  CHECK ((state = 'REQUESTED') = (answer_file IS NULL) AND (state = 'REQUESTED') = (answered_at IS NULL))
);
CREATE INDEX revocation_requests_open ON revocation_requests (fingerprint_sha256) WHERE state = 'REQUESTED';
COMMENT ON TABLE revocation_requests IS 'Revocations that only the station that issued the certificate can do. The files are signed by the stations; the other columns repeat them for people.';

CREATE TABLE alerts (
  station text NOT NULL REFERENCES stations,
  alert_key text NOT NULL,
  kind text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('HIGH', 'MEDIUM', 'LOW')),
  tenant_id text,
  device_id text,
  common_name text,
  fingerprint_sha256 text,
  expires_at timestamptz,
  days_remaining integer,
  raised_at timestamptz NOT NULL,
  PRIMARY KEY (station, alert_key)
);
CREATE INDEX alerts_tenant ON alerts (tenant_id, raised_at);
COMMENT ON TABLE alerts IS 'What somebody should know. CERT_EXPIRING: once for each threshold of 30, 14, 7, 3 and 1 days. DEVICE_ID_TAKEN: two stations use one device name.';
COMMENT ON COLUMN alerts.alert_key IS 'The same alert has the same key, however often it is sent';

CREATE TABLE audit_checkpoints (
  station text NOT NULL REFERENCES stations,
  seq bigint NOT NULL,
  hash sha256_hex NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (station, seq)
);
COMMENT ON TABLE audit_checkpoints IS 'Line number and hash of the end of a station''s audit log at that time; never changed: a log that was rewritten no longer fits.';

CREATE TABLE dashboard_tenants (
  role_name text NOT NULL,
  tenant_id tenant_name NOT NULL,
  PRIMARY KEY (role_name, tenant_id)
);
COMMENT ON TABLE dashboard_tenants IS 'Which tenants a dashboard sees, by its login role.';
