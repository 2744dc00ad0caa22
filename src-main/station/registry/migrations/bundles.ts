/** Keys that the station made, and the bundles that they left it in. */
export const bundlesMigration = `
  ALTER TABLE certificates ADD COLUMN key_made_by TEXT NOT NULL DEFAULT 'device' CHECK (key_made_by IN ('device','station'));

  -- No key, no passphrase, nothing of the file: what was handed out, and when.
  CREATE TABLE bundles (
    serial TEXT PRIMARY KEY REFERENCES certificates (serial),
    run TEXT NOT NULL UNIQUE REFERENCES runs (id),
    device TEXT NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('zip','p12')),
    prove_hours INTEGER NOT NULL,
    link_until TEXT,
    delivered_at TEXT,
    created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX bundles_created ON bundles (created_at);
  CREATE INDEX bundles_device ON bundles (device);
`;
