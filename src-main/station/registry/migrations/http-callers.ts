/** An access key may be the certificate of a service, and a call may carry a key by which it is done once. */
export const httpCallers = `
  ALTER TABLE access_keys ADD COLUMN service TEXT;
  CREATE INDEX access_keys_service ON access_keys (service) WHERE service IS NOT NULL;
  CREATE TABLE idempotent_calls (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    call TEXT NOT NULL,
    input_sha256 TEXT NOT NULL,
    at TEXT NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    answer TEXT,
    PRIMARY KEY (caller, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotent_calls_at ON idempotent_calls (at);
`;
