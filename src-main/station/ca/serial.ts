import { randomBytes } from 'node:crypto';

/** A new serial number: 20 random octets, positive, never with a leading zero octet (RFC 5280 4.1.2.2), as upper-case hex. */
export function newSerial(): string {
  const octets = randomBytes(20);
  octets[0] = (octets[0] ?? 0) & 0x7f || 0x01;
  return octets.toString('hex').toUpperCase();
}
