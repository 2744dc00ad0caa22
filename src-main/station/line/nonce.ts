import { randomBytes } from 'node:crypto';

/** What a device must publish to be believed: 64 random bits in hex, short enough for a device with small buffers. */
export const newNonce = (): string => randomBytes(8).toString('hex');
