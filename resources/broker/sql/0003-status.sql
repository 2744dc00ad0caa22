SET LOCAL ROLE birthmark_owner;
SET LOCAL search_path = birthmark;

-- ACTIVE, REVOKED, EXPIRED or UNKNOWN of one certificate. One that was signed and not proven is nobody's yet: UNKNOWN.
CREATE FUNCTION certificate_status(fingerprint text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$
    SELECT coalesce((
      SELECT CASE
        WHEN c.status = 'REVOKED' THEN 'REVOKED'
        WHEN c.status = 'EXPIRED' OR c.not_after <= now() THEN 'EXPIRED'
        WHEN c.status <> 'SIGNED' THEN 'ACTIVE'
      END
      FROM device_certificates c WHERE c.fingerprint_sha256 = lower(replace(fingerprint, ':', ''))
    ), 'UNKNOWN')
  $$;
COMMENT ON FUNCTION certificate_status(text) IS 'ACTIVE, REVOKED, EXPIRED or UNKNOWN, by the SHA-256 of the certificate in hex (colons and case do not matter)';

-- The same of whoever has this common name ({tenant}/{device}): ACTIVE with any certificate in force, else what became of the one that ends last.
CREATE FUNCTION device_status(name text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = birthmark, pg_temp
  AS $$
    SELECT coalesce((
      SELECT CASE
        WHEN c.status = 'REVOKED' THEN 'REVOKED'
        WHEN c.status = 'EXPIRED' OR c.not_after <= now() THEN 'EXPIRED'
        ELSE 'ACTIVE'
      END
      FROM device_certificates c WHERE c.common_name = name AND c.status <> 'SIGNED'
      ORDER BY c.status IN ('ACTIVE', 'ROTATING') AND c.not_after > now() DESC, c.not_after DESC LIMIT 1
    ), 'UNKNOWN')
  $$;
COMMENT ON FUNCTION device_status(text) IS 'ACTIVE, REVOKED, EXPIRED or UNKNOWN, by the common name {tenant}/{device}';

REVOKE EXECUTE ON FUNCTION certificate_status(text), device_status(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificate_status(text), device_status(text) TO birthmark_ingest;
