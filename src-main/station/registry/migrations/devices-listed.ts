/** Devices in the order in which they are listed, so that a page reads no more than its own rows. */
export const devicesListed = `
  CREATE INDEX devices_listed ON devices (created_at, device);
`;
