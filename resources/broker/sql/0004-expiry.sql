SET LOCAL ROLE birthmark_owner;
SET LOCAL search_path = birthmark;

-- Whether a certificate has expired is told by not_after. Stations used to record EXPIRED, also by a clock that was ahead: that can be taken back.
DROP TRIGGER only_forward ON device_certificates;
CREATE TRIGGER only_forward BEFORE UPDATE OF status ON device_certificates FOR EACH ROW
  WHEN (NEW.status < OLD.status AND OLD.status <> 'EXPIRED') EXECUTE FUNCTION only_forward();
COMMENT ON COLUMN device_certificates.status IS 'SIGNED: not proven yet. ACTIVE. ROTATING: good beside its successor. REVOKED is final. EXPIRED only from stations of old: not_after tells';
