SET LOCAL ROLE birthmark_owner;
SET LOCAL search_path = birthmark;

-- Who is logged in, by the role that the client certificate led to; SET ROLE does not change it.
CREATE FUNCTION current_station() RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT substring(session_user FROM '^station_([a-z0-9]{1,32})$') $$;
CREATE FUNCTION seen_tenants() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$ SELECT tenant_id FROM dashboard_tenants WHERE role_name = session_user $$;
REVOKE EXECUTE ON FUNCTION current_station(), seen_tenants() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION current_station() TO birthmark_station;
GRANT EXECUTE ON FUNCTION seen_tenants() TO birthmark_dashboard;

GRANT USAGE ON SCHEMA birthmark TO birthmark_station, birthmark_dashboard, birthmark_ingest;
GRANT USAGE ON TYPE record_status, request_state TO birthmark_station, birthmark_dashboard;
GRANT SELECT ON stations, tenants, issuers, devices, device_certificates, crl_publications, revocation_requests, alerts, audit_checkpoints
  TO birthmark_station;
GRANT INSERT ON tenants, issuers, devices, device_certificates, crl_publications, alerts, audit_checkpoints TO birthmark_station;
GRANT UPDATE (name, last_seen_at) ON stations TO birthmark_station;
GRANT UPDATE (hardware_id, model, state, proof_level) ON devices TO birthmark_station;
GRANT UPDATE (fingerprint_sha256, cert_pem, status, revoked_at, reason, updated_at) ON device_certificates TO birthmark_station;
GRANT UPDATE (crl_number, sha256, entries, this_update, next_update, published_at) ON crl_publications TO birthmark_station;
GRANT INSERT (id, fingerprint_sha256, common_name, reason, note, station, operator, requested_at, request_file) ON revocation_requests TO birthmark_station;
GRANT UPDATE (state, answered_at, answered_by, answer, answer_file) ON revocation_requests TO birthmark_station;
GRANT SELECT ON tenants, devices, device_certificates, alerts TO birthmark_dashboard;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['stations', 'tenants', 'issuers', 'devices', 'device_certificates', 'crl_publications', 'revocation_requests', 'alerts', 'audit_checkpoints', 'dashboard_tenants'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    IF name <> 'dashboard_tenants' THEN
      EXECUTE format('CREATE POLICY stations_read ON %I FOR SELECT TO birthmark_station USING (true)', name);
    END IF;
  END LOOP;
  -- Each station writes what is its own. The names in parentheses are looked up once for a statement, not for a row.
  FOREACH name IN ARRAY ARRAY['issuers', 'devices', 'alerts', 'audit_checkpoints'] LOOP
    EXECUTE format('CREATE POLICY stations_add ON %I FOR INSERT TO birthmark_station WITH CHECK (station = (SELECT current_station()))', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['stations', 'devices'] LOOP
    EXECUTE format('CREATE POLICY stations_change ON %I FOR UPDATE TO birthmark_station USING (station = (SELECT current_station()))', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['device_certificates', 'crl_publications'] LOOP
    EXECUTE format($policy$CREATE POLICY stations_add ON %I FOR INSERT TO birthmark_station
      WITH CHECK (station = (SELECT current_station()) AND issuer IN (SELECT key_id FROM issuers WHERE station = (SELECT current_station())))$policy$, name);
    EXECUTE format('CREATE POLICY stations_change ON %I FOR UPDATE TO birthmark_station USING (station = (SELECT current_station()))', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['tenants', 'devices', 'device_certificates', 'alerts'] LOOP
    EXECUTE format('CREATE POLICY dashboards_read ON %I FOR SELECT TO birthmark_dashboard USING (tenant_id IN (SELECT seen_tenants()))', name);
  END LOOP;
END
$$;
CREATE POLICY stations_add ON tenants FOR INSERT TO birthmark_station WITH CHECK ((SELECT current_station()) IS NOT NULL);
CREATE POLICY stations_ask ON revocation_requests FOR INSERT TO birthmark_station WITH CHECK (station = (SELECT current_station()));
CREATE POLICY owners_answer ON revocation_requests FOR UPDATE TO birthmark_station
  USING (state = 'REQUESTED' AND EXISTS (
    SELECT 1 FROM device_certificates c
    WHERE c.fingerprint_sha256 = revocation_requests.fingerprint_sha256 AND c.station = (SELECT current_station())
  ))
  WITH CHECK (state <> 'REQUESTED');

-- Whatever asks for it, a status never goes back and a number never down.
CREATE FUNCTION only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'birthmark: % would go back', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER only_forward BEFORE UPDATE OF status ON device_certificates FOR EACH ROW
  WHEN (NEW.status < OLD.status) EXECUTE FUNCTION only_forward();
CREATE TRIGGER only_forward BEFORE UPDATE OF crl_number ON crl_publications FOR EACH ROW
  WHEN (NEW.crl_number < OLD.crl_number) EXECUTE FUNCTION only_forward();

-- For administrators: a station, with the login that its client certificate leads to. Again to open a closed one.
CREATE PROCEDURE add_station(id text, name text) LANGUAGE plpgsql SET search_path = birthmark, pg_temp AS $$
BEGIN
  INSERT INTO stations (station, name) VALUES (id, name) ON CONFLICT (station) DO UPDATE SET closed_at = NULL;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'station_' || id) THEN
    EXECUTE format('CREATE ROLE %I', 'station_' || id);
  END IF;
  EXECUTE format('ALTER ROLE %I LOGIN CONNECTION LIMIT 5', 'station_' || id);
  EXECUTE format('GRANT birthmark_station TO %I', 'station_' || id);
END
$$;
CREATE PROCEDURE close_station(id text) LANGUAGE plpgsql SET search_path = birthmark, pg_temp AS $$
BEGIN
  UPDATE stations SET closed_at = coalesce(closed_at, now()) WHERE station = id;
  EXECUTE format('ALTER ROLE %I NOLOGIN', 'station_' || id);
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'station_' || id;
END
$$;
-- A login that sees the rows of these tenants and no others. How it proves itself is for pg_hba.conf to say.
CREATE PROCEDURE add_dashboard(login text, VARIADIC sees text[]) LANGUAGE plpgsql SET search_path = birthmark, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = login) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', login);
  END IF;
  EXECUTE format('GRANT birthmark_dashboard TO %I', login);
  DELETE FROM dashboard_tenants WHERE role_name = login;
  INSERT INTO dashboard_tenants SELECT DISTINCT login, unnest(sees);
END
$$;
REVOKE EXECUTE ON PROCEDURE add_station(text, text), close_station(text), add_dashboard(text, text[]) FROM PUBLIC;
