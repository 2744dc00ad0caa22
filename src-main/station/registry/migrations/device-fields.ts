/** What else is known of a device, as a JSON object of texts. */
export const deviceFields = `
  ALTER TABLE devices ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';
`;
