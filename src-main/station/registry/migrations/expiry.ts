/** That a certificate has ended is seen by its date when it is read. Until now it was recorded, and a clock that was ahead once could not be undone. */
export const expiry = `
  DROP TRIGGER certificates_forward;
  DROP TRIGGER certificates_counted_moved;
  DROP TRIGGER certificates_counted_new;
  INSERT INTO records_log (kind, key, created_at)
    SELECT 'certificate', serial, updated_at FROM certificates WHERE status = 'EXPIRED' AND EXISTS (SELECT 1 FROM records_hosts);
  UPDATE certificates SET status = CASE
      WHEN serial IN (SELECT serial FROM revocations) THEN 'REVOKED'
      WHEN grace_until IS NOT NULL THEN 'ROTATING'
      WHEN serial IN (SELECT subject FROM audit WHERE action = 'certificate.activate') THEN 'ACTIVE'
      WHEN der IS NOT NULL THEN 'SIGNED'
      ELSE 'RESERVED'
    END
    WHERE status = 'EXPIRED';
  CREATE TRIGGER certificates_forward BEFORE UPDATE OF status ON certificates
  WHEN NEW.status = 'EXPIRED'
    OR OLD.status = 'REVOKED' AND NEW.status <> 'REVOKED'
    OR OLD.status = 'ROTATING' AND NEW.status IN ('RESERVED','SIGNED','ACTIVE')
    OR OLD.status = 'ACTIVE' AND NEW.status IN ('RESERVED','SIGNED')
    OR OLD.status = 'SIGNED' AND NEW.status = 'RESERVED'
  BEGIN SELECT RAISE(ABORT, 'certificate status moves forward only'); END;

  -- How many there are of each status and last day, kept while writing: the status bar asks all the time, at a million rows too.
  DROP TABLE certificate_counts;
  CREATE TABLE certificate_counts (
    issuer TEXT NOT NULL,
    use TEXT NOT NULL,
    status TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (use, issuer, status, ends_on)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO certificate_counts SELECT issuer, use, status, substr(not_after, 1, 10), count(*) FROM certificates GROUP BY 1, 2, 3, 4;
  CREATE TRIGGER certificates_counted_new AFTER INSERT ON certificates BEGIN
    INSERT INTO certificate_counts VALUES (NEW.issuer, NEW.use, NEW.status, substr(NEW.not_after, 1, 10), 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER certificates_counted_moved AFTER UPDATE OF status ON certificates WHEN OLD.status <> NEW.status BEGIN
    UPDATE certificate_counts SET n = n - 1
      WHERE issuer = OLD.issuer AND use = OLD.use AND status = OLD.status AND ends_on = substr(OLD.not_after, 1, 10);
    INSERT INTO certificate_counts VALUES (NEW.issuer, NEW.use, NEW.status, substr(NEW.not_after, 1, 10), 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
`;
