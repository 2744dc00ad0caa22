/** Ceremonies with their journals, and the revocation lists of CAs that are not this station's. */
export const ceremoniesMigration = `
  CREATE TABLE ceremonies (
    id TEXT PRIMARY KEY,
    -- What is to be made, as JSON; and a hash of what was asked for, by which a start of the same is known again.
    plan TEXT NOT NULL,
    wish TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','done','abandoned')),
    started_by TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    transcript TEXT,
    signatures TEXT NOT NULL DEFAULT '[]',
    CHECK (state <> 'done' OR transcript IS NOT NULL)
  ) STRICT;
  CREATE UNIQUE INDEX ceremonies_open ON ceremonies (state) WHERE state = 'open';
  CREATE TABLE ceremony_journal (
    seq INTEGER PRIMARY KEY,
    ceremony TEXT NOT NULL REFERENCES ceremonies (id),
    step TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('begin','done')),
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX ceremony_journal_once ON ceremony_journal (ceremony, step) WHERE phase = 'done';
  CREATE TRIGGER ceremony_journal_kept BEFORE DELETE ON ceremony_journal
  BEGIN SELECT RAISE(ABORT, 'what a ceremony did is kept'); END;

  CREATE TABLE root_crls (
    fingerprint TEXT PRIMARY KEY,
    der BLOB NOT NULL,
    number TEXT,
    this_update TEXT NOT NULL,
    next_update TEXT NOT NULL,
    entries INTEGER NOT NULL,
    revoked TEXT NOT NULL,
    imported_at TEXT NOT NULL
  ) STRICT;
`;
