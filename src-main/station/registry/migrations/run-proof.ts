/** What a run's PASS does without, and the digests of what was installed: read back again when it is proven later. */
export const runProof = `
  ALTER TABLE runs ADD COLUMN gaps TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE runs ADD COLUMN installed TEXT;
`;
