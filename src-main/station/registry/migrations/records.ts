/** The central records: databases that this station writes to, what each is still owed, and what one of them did not take. */
export const recordsMigration = `
  -- sent: everything in the log up to this row is recorded there.
  CREATE TABLE records_hosts (
    name TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    sent_at TEXT
  ) STRICT;

  -- What has changed, by key: what is sent is the record as it is then. Empty while there is no database to write to.
  CREATE TABLE records_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('device','certificate','crl','alert','request','audit')),
    key TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE records_problems (
    host TEXT NOT NULL REFERENCES records_hosts (name) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    failure TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (host, kind, key)
  ) STRICT, WITHOUT ROWID;
`;
