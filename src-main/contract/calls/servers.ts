import { z } from 'zod';
import { Bytes, Instant, SerialHex, Sha256Hex } from '../ids.ts';
import { limits } from '../limits.ts';
import { call, officer } from './spec.ts';

const names = z.array(z.string().min(1).max(255)).max(limits.serverNames).default([]);

export const serversCalls = {
  'servers.issue': call({
    service: 'station',
    summary: 'A certificate for a broker, from the issuer of server certificates; the session must have its profile',
    input: z
      .object({
        dns: names,
        ips: names,
        /** The broker's request; null: the station makes a key, which is in the answer and nowhere else. */
        csr: Bytes.refine((bytes) => bytes.length <= limits.csrFileBytes, 'too large for a certificate request').nullable(),
        validityDays: z.int().min(limits.validityDays.min).max(limits.validityDays.max).nullable().default(null),
      })
      .strict(),
    output: z.object({
      serial: SerialHex,
      fingerprint: Sha256Hex.nullable(),
      hosts: z.array(z.string()),
      notAfter: Instant,
      /** The certificate and what is above it but the root. */
      pem: z.string(),
      keyPem: z.string().nullable(),
    }),
    roles: officer,
    secret: true,
  }),
} as const;
