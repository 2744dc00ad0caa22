SET LOCAL ROLE birthmark_owner;
SET LOCAL search_path = birthmark;

-- A station could write another's fingerprint under an issuer of its own: the owner's row was refused then. Each issuer counts for itself.
ALTER TABLE device_certificates DROP CONSTRAINT device_certificates_fingerprint;
ALTER TABLE device_certificates ADD CONSTRAINT device_certificates_issued UNIQUE (issuer, fingerprint_sha256);
CREATE INDEX device_certificates_fingerprint ON device_certificates (fingerprint_sha256) INCLUDE (status, not_after);
DROP INDEX device_certificates_common_name;
CREATE INDEX device_certificates_common_name ON device_certificates (common_name) INCLUDE (status, not_after, station);

-- Of several that claim the same certificate the worst is told: nobody makes another's revoked one good.
CREATE OR REPLACE FUNCTION certificate_status(fingerprint text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$
    SELECT coalesce((
      SELECT CASE
        WHEN c.status = 'REVOKED' THEN 'REVOKED'
        WHEN c.status = 'EXPIRED' OR c.not_after <= now() THEN 'EXPIRED'
        WHEN c.status <> 'SIGNED' THEN 'ACTIVE'
      END
      FROM device_certificates c WHERE c.fingerprint_sha256 = lower(replace(fingerprint, ':', ''))
      ORDER BY c.status = 'REVOKED' DESC, c.not_after LIMIT 1
    ), 'UNKNOWN')
  $$;

-- Only what the device's own station recorded is judged: it is the one that recorded the device first (table devices).
CREATE OR REPLACE FUNCTION device_status(name text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$
    SELECT coalesce((
      SELECT CASE
        WHEN c.status = 'REVOKED' THEN 'REVOKED'
        WHEN c.status = 'EXPIRED' OR c.not_after <= now() THEN 'EXPIRED'
        ELSE 'ACTIVE'
      END
      FROM device_certificates c WHERE c.common_name = name AND c.status <> 'SIGNED'
        AND c.station = coalesce((SELECT d.station FROM devices d WHERE d.tenant_id = split_part(name, '/', 1) AND d.device_id = split_part(name, '/', 2)), c.station)
      ORDER BY c.status IN ('ACTIVE', 'ROTATING') AND c.not_after > now() DESC, c.not_after DESC LIMIT 1
    ), 'UNKNOWN')
  $$;

-- One session at a time writes as a station. The lock is the station's own: with the functions below anybody could hold it, and stop the station.
CREATE FUNCTION lock_station() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = birthmark, pg_temp AS $$
BEGIN
  IF current_station() IS NULL THEN
    RAISE EXCEPTION 'birthmark: only a station has a lock' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM pg_advisory_lock(hashtext('birthmark ' || current_station()));
END
$$;
REVOKE EXECUTE ON FUNCTION lock_station() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_station() TO birthmark_station;

RESET ROLE;
DO $$
DECLARE
  one regprocedure;
BEGIN
  FOR one IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO birthmark_owner', one);
  END LOOP;
END
$$;
