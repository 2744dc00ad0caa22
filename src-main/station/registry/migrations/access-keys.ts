/** Keys with which other programs call the station. Only a hash of each is kept; one that was withdrawn stays, for the audit log's reader. */
export const accessKeysMigration = `
  CREATE TABLE access_keys (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    at TEXT NOT NULL,
    added_by TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    withdrawn_at TEXT
  ) STRICT, WITHOUT ROWID;
`;
