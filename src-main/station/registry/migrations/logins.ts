/** Who may come to the broker without a certificate of ours for a device: names with a password, and services. */
export const loginsMigration = `
  -- password: as Mosquitto's password_file has it, never the word itself; NULL: a service that has a certificate only.
  CREATE TABLE logins (
    username TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('device','service')),
    password TEXT,
    -- Of a service: topic filters that it may read and write, JSON arrays.
    reads TEXT NOT NULL DEFAULT '[]',
    writes TEXT NOT NULL DEFAULT '[]',
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL,
    CHECK (kind = 'service' OR password IS NOT NULL)
  ) STRICT, WITHOUT ROWID;

  -- certificates: no password is taken from its devices. passwords: until then a password is taken from devices that have a certificate, too.
  CREATE TABLE tenant_logins (
    tenant TEXT PRIMARY KEY,
    mode TEXT NOT NULL CHECK (mode IN ('certificates','passwords')),
    until TEXT,
    reason TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL,
    CHECK ((mode = 'passwords') = (until IS NOT NULL))
  ) STRICT, WITHOUT ROWID;
`;
