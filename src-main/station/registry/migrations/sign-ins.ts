/** Who is signed in at a face: until the end that was set, or until they sign out. Only a hash of the credential is kept. */
export const signInsMigration = `
  CREATE TABLE sign_ins (
    hash TEXT PRIMARY KEY,
    operator TEXT NOT NULL REFERENCES operators (name),
    face TEXT NOT NULL,
    at TEXT NOT NULL,
    expires_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
