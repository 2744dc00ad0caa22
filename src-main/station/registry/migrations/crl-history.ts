/**
 * CRLs by partition, and their history as differences: a CRL holds what was listed up to its number and had not left by then. With its
 * signature any of them can be written again, bit for bit, and none has to be kept as a file.
 */
export const crlHistory = `
  CREATE TABLE crls_new (
    issuer TEXT NOT NULL REFERENCES issuers (id),
    partition INTEGER NOT NULL,
    number INTEGER NOT NULL,
    this_update TEXT NOT NULL,
    next_update TEXT NOT NULL,
    entries INTEGER NOT NULL,
    added INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    -- NULL for one that was signed before signatures were kept.
    signature BLOB,
    published_at TEXT,
    PRIMARY KEY (issuer, partition, number)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO crls_new (issuer, partition, number, this_update, next_update, entries, bytes, sha256, published_at)
    SELECT issuer, partition, number, this_update, next_update, entries, bytes, sha256, published_at FROM crls;
  DROP TABLE crls;
  ALTER TABLE crls_new RENAME TO crls;

  -- Both are the certificate's, and never change: a list of a million entries is read in one go over one index.
  ALTER TABLE revocations ADD COLUMN partition INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE revocations ADD COLUMN not_after TEXT NOT NULL DEFAULT '';
  -- The number of the first CRL without it, after the certificate's end.
  ALTER TABLE revocations ADD COLUMN left_crl INTEGER;
  UPDATE revocations SET
    partition = (SELECT c.partition FROM certificates c WHERE c.serial = revocations.serial),
    not_after = (SELECT c.not_after FROM certificates c WHERE c.serial = revocations.serial);
  CREATE INDEX revocations_listed ON revocations (issuer, partition, recorded_at, serial);
  CREATE INDEX revocations_added ON revocations (issuer, partition, crl_number);
  CREATE INDEX revocations_end ON revocations (issuer, partition, not_after) WHERE left_crl IS NULL;
  CREATE INDEX revocations_left ON revocations (issuer, partition, left_crl) WHERE left_crl IS NOT NULL;
`;
