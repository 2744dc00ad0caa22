/** Until now every CRL named its distribution point; it is needed to write an earlier one again, bit for bit. */
export const crlPoint = `
  ALTER TABLE crls ADD COLUMN names_point INTEGER NOT NULL DEFAULT 1;
`;
