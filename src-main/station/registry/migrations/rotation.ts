/** The end of a grace period as soon as the successor is in use, and when that was seen. */
export const rotation = `
  -- Of a certificate that is being replaced: its grace period ends early, when its successor was seen.
  ALTER TABLE certificates ADD COLUMN ends_when_seen INTEGER NOT NULL DEFAULT 0;
  -- Of a successor: when its device proved that it uses it.
  ALTER TABLE certificates ADD COLUMN seen_at TEXT;
  CREATE INDEX certificates_replaces ON certificates (replaces) WHERE replaces IS NOT NULL;
`;
