SET LOCAL ROLE birthmark_owner;
SET LOCAL search_path = birthmark;

-- Issuers and tenants come from the administrator alone (migrate.sh --registration). What was recorded before stays registered.
CREATE TABLE station_tenants (
  station text NOT NULL REFERENCES stations,
  tenant_id tenant_name NOT NULL REFERENCES tenants,
  PRIMARY KEY (station, tenant_id)
);
COMMENT ON TABLE station_tenants IS 'The tenants whose devices a station records, as its administrator registered them; its certificates count for no other tenant.';
INSERT INTO station_tenants SELECT DISTINCT station, tenant_id FROM devices;
ALTER TABLE station_tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY stations_read ON station_tenants FOR SELECT TO birthmark_station USING (true);
GRANT SELECT ON station_tenants TO birthmark_station;

-- Without INSERT on tenants, no station holds up another either: each would wait for the other's unfinished row.
REVOKE INSERT ON issuers, tenants FROM birthmark_station;
DROP POLICY stations_add ON issuers;
DROP POLICY stations_add ON tenants;

CREATE FUNCTION own_tenants() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$ SELECT tenant_id FROM station_tenants WHERE station = current_station() $$;
CREATE FUNCTION seen_records() RETURNS TABLE (station text, tenant_id text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$ SELECT s.station, s.tenant_id FROM station_tenants s WHERE s.tenant_id IN (SELECT seen_tenants()) $$;
REVOKE EXECUTE ON FUNCTION own_tenants(), seen_records() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_tenants() TO birthmark_station;
GRANT EXECUTE ON FUNCTION seen_records() TO birthmark_dashboard;

ALTER POLICY stations_add ON devices WITH CHECK (station = (SELECT current_station()) AND tenant_id IN (SELECT own_tenants()));
ALTER POLICY stations_add ON alerts
  WITH CHECK (station = (SELECT current_station()) AND (tenant_id IS NULL OR tenant_id IN (SELECT own_tenants())));
ALTER POLICY dashboards_read ON device_certificates USING ((station, tenant_id) IN (SELECT * FROM seen_records()));

-- A row says what its certificate says, so a certificate of another issuer cannot be recorded (RFC 5280 4.2.1.1: the issuer's key identifier stands in it).
CREATE FUNCTION is_certificate(pem text, fingerprint text, issuer text, common_name text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  der bytea := decode(replace(replace(pem, '-----BEGIN CERTIFICATE-----', ''), '-----END CERTIFICATE-----', ''), 'base64');
BEGIN
  RETURN encode(sha256(der), 'hex') = fingerprint
    AND position(decode('30168014' || issuer, 'hex') IN der) > 0
    AND position(convert_to(common_name, 'UTF8') IN der) > 0;
END
$$;
-- Rows from before are not judged again.
ALTER TABLE device_certificates ADD CONSTRAINT device_certificates_true CHECK (
  (cert_pem IS NULL) = (fingerprint_sha256 IS NULL) AND (cert_pem IS NULL OR is_certificate(cert_pem, fingerprint_sha256, issuer, common_name))
) NOT VALID;
DROP POLICY owners_answer ON revocation_requests;
CREATE POLICY owners_answer ON revocation_requests FOR UPDATE TO birthmark_station
  USING (state = 'REQUESTED' AND EXISTS (
    SELECT 1 FROM device_certificates c
    WHERE c.fingerprint_sha256 = revocation_requests.fingerprint_sha256 AND c.station = (SELECT current_station())
      AND is_certificate(c.cert_pem, c.fingerprint_sha256, c.issuer, c.common_name)
  ))
  WITH CHECK (state <> 'REQUESTED');

-- What a station registers of its devices besides.
ALTER TABLE devices ADD COLUMN name text, ADD COLUMN type text, ADD COLUMN location text, ADD COLUMN firmware text, ADD COLUMN fields jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN devices.fields IS 'Fields of the tenant''s own, by their names';
GRANT UPDATE (name, type, location, firmware, fields) ON devices TO birthmark_station;

DROP INDEX device_certificates_common_name;
CREATE INDEX device_certificates_common_name ON device_certificates (common_name) INCLUDE (status, not_after, station, tenant_id, device_id);
DROP INDEX device_certificates_fingerprint;
CREATE INDEX device_certificates_fingerprint ON device_certificates (fingerprint_sha256) INCLUDE (status, not_after, station, tenant_id);

CREATE OR REPLACE FUNCTION certificate_status(fingerprint text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$
    SELECT coalesce((
      SELECT CASE
        WHEN c.status = 'REVOKED' THEN 'REVOKED'
        WHEN c.status = 'EXPIRED' OR c.not_after <= now() THEN 'EXPIRED'
        WHEN c.status <> 'SIGNED' THEN 'ACTIVE'
      END
      FROM device_certificates c WHERE c.fingerprint_sha256 = lower(replace(fingerprint, ':', ''))
        AND (c.tenant_id IS NULL OR EXISTS (SELECT 1 FROM station_tenants t WHERE t.station = c.station AND t.tenant_id = c.tenant_id))
      ORDER BY c.status = 'REVOKED' DESC, c.not_after LIMIT 1
    ), 'UNKNOWN')
  $$;

-- Of a device, only certificates of the station that it belongs to (table devices), where that one is registered for the tenant.
CREATE OR REPLACE FUNCTION device_status(name text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$
    SELECT coalesce((
      SELECT CASE
        WHEN c.status = 'REVOKED' THEN 'REVOKED'
        WHEN c.status = 'EXPIRED' OR c.not_after <= now() THEN 'EXPIRED'
        ELSE 'ACTIVE'
      END
      FROM device_certificates c WHERE c.common_name = name AND c.status <> 'SIGNED'
        AND EXISTS (SELECT 1 FROM station_tenants t WHERE t.station = c.station AND t.tenant_id = c.tenant_id)
        AND c.station = coalesce((SELECT d.station FROM devices d WHERE d.tenant_id = c.tenant_id AND d.device_id = c.device_id), c.station)
      ORDER BY c.status IN ('ACTIVE', 'ROTATING') AND c.not_after > now() DESC, c.not_after DESC LIMIT 1
    ), 'UNKNOWN')
  $$;

-- For migrate.sh, which has checked that the issuer's key signed for this station. False where it was there already.
CREATE FUNCTION register_issuer(of text, key_id text, kind text, subject text, fingerprint text, pem text, not_before timestamptz, not_after timestamptz)
  RETURNS boolean LANGUAGE plpgsql SET search_path = birthmark, pg_temp AS $$
DECLARE
  owner text := (SELECT i.station FROM issuers i WHERE i.key_id = register_issuer.key_id);
BEGIN
  IF owner IS NOT NULL AND owner <> of THEN
    RAISE EXCEPTION 'birthmark: the issuer % belongs to the station %', subject, owner USING ERRCODE = 'unique_violation';
  END IF;
  INSERT INTO issuers VALUES (key_id, of, kind, subject, fingerprint, pem, not_before, not_after) ON CONFLICT DO NOTHING;
  RETURN owner IS NULL;
END
$$;
-- The tenants of a station are these and no others from now on. True where something changed.
CREATE FUNCTION register_tenants(of text, VARIADIC named text[]) RETURNS boolean LANGUAGE plpgsql SET search_path = birthmark, pg_temp AS $$
DECLARE
  before text[] := (SELECT coalesce(array_agg(tenant_id::text ORDER BY tenant_id::text), '{}') FROM station_tenants WHERE station = of);
BEGIN
  INSERT INTO tenants (tenant_id) SELECT DISTINCT unnest(named) ON CONFLICT DO NOTHING;
  DELETE FROM station_tenants WHERE station = of AND tenant_id <> ALL (named);
  INSERT INTO station_tenants SELECT DISTINCT of, unnest(named) ON CONFLICT DO NOTHING;
  NOTIFY birthmark_requests;
  RETURN before IS DISTINCT FROM (SELECT coalesce(array_agg(tenant_id::text ORDER BY tenant_id::text), '{}') FROM station_tenants WHERE station = of);
END
$$;
REVOKE EXECUTE ON FUNCTION register_issuer(text, text, text, text, text, text, timestamptz, timestamptz), register_tenants(text, text[]) FROM PUBLIC;

-- A login that only reads can use up neither the connections nor the disk.
CREATE OR REPLACE PROCEDURE add_dashboard(login text, VARIADIC sees text[]) LANGUAGE plpgsql SET search_path = birthmark, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = login) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', login);
  END IF;
  EXECUTE format('ALTER ROLE %I CONNECTION LIMIT 20', login);
  EXECUTE format('ALTER ROLE %I SET temp_file_limit = ''1GB''', login);
  EXECUTE format('GRANT birthmark_dashboard TO %I', login);
  DELETE FROM dashboard_tenants WHERE role_name = login;
  INSERT INTO dashboard_tenants SELECT DISTINCT login, unnest(sees);
END
$$;

RESET ROLE;
DO $$
DECLARE
  one regprocedure;
BEGIN
  -- Large objects are tables of everybody's: any login could fill the disk with them.
  FOR one IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea') LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
  END LOOP;
END
$$;
