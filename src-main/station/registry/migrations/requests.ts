/** Revocations that only another station can do, asked for by file: those that were sent, and those that came in. */
export const requests = `
  CREATE TABLE revocation_requests (
    id TEXT PRIMARY KEY,
    direction TEXT NOT NULL CHECK (direction IN ('sent','received')),
    fingerprint TEXT NOT NULL,
    -- What is known of the certificate besides; NULL where only its fingerprint was.
    serial TEXT,
    subject TEXT,
    certificate BLOB,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    station TEXT NOT NULL,
    operator TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    -- Of a received one: is its sender known by a root of ours?
    proven INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'REQUESTED' CHECK (state IN ('REQUESTED','ACCEPTED','REFUSED')),
    answered_at TEXT,
    answered_by TEXT,
    answer TEXT,
    CHECK ((state = 'REQUESTED') = (answered_at IS NULL))
  ) STRICT;
  CREATE TRIGGER revocation_requests_forward BEFORE UPDATE ON revocation_requests WHEN OLD.state <> 'REQUESTED'
  BEGIN SELECT RAISE(ABORT, 'a request is answered once'); END;
  CREATE TRIGGER revocation_requests_kept BEFORE DELETE ON revocation_requests BEGIN SELECT RAISE(ABORT, 'requests are kept'); END;
`;
