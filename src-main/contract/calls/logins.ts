import { z } from 'zod';
import { Bytes, DeviceName, Instant, SerialHex, ServiceName, TenantId, TopicFilter } from '../ids.ts';
import { limits } from '../limits.ts';
import { LoginView, TenantLogins } from '../models.ts';
import { call, done, nothing, officer, signedIn } from './spec.ts';

const filters = z.array(TopicFilter).max(limits.serviceFilters);

export const loginsCalls = {
  'logins.list': call({
    service: 'station',
    summary: 'Who may log in to the broker with a password, the services, and what each tenant’s devices may log in with',
    input: nothing,
    output: z.object({ passwordPort: z.int().nullable(), rows: z.array(LoginView), tenants: z.array(TenantLogins) }),
    roles: signedIn,
  }),
  'logins.listen': call({
    service: 'station',
    summary:
      'Have a second TLS listener that takes passwords, from the next start on; null: none. On a remote host its administrator opens it',
    input: z.object({ port: z.int().min(1).max(65_535).nullable() }).strict(),
    output: done,
    roles: officer,
  }),
  'logins.device': call({
    service: 'station',
    summary: 'A password for a device that cannot do certificates, as its profile says; it is in the answer and nowhere else',
    input: z.object({ device: DeviceName, deviceProfile: z.string().min(1).max(64) }).strict(),
    output: z.object({ username: z.string(), password: z.string(), port: z.int(), topics: z.string() }),
    roles: officer,
    secret: true,
  }),
  'logins.service': call({
    service: 'station',
    summary: 'A client of the broker that is no device: what it may read and write, and a password where it needs one',
    input: z.object({ name: ServiceName, reads: filters, writes: filters, password: z.boolean() }).strict(),
    /** `username`: of its certificate; `login`: what it says with a password, because a colon would end the name there. */
    output: z.object({ username: z.string(), login: z.string(), password: z.string().nullable() }),
    roles: officer,
    secret: true,
  }),
  'logins.certificate': call({
    service: 'station',
    summary: 'A certificate for such a client; the session must have the profile “service”',
    input: z
      .object({
        name: ServiceName,
        /** Its request; null: the station makes a key, which is in the answer and nowhere else. */
        csr: Bytes.refine((bytes) => bytes.length <= limits.csrFileBytes, 'too large for a certificate request').nullable(),
      })
      .strict(),
    output: z.object({ username: z.string(), serial: SerialHex, notAfter: Instant, pem: z.string(), keyPem: z.string().nullable() }),
    roles: officer,
    secret: true,
  }),
  'logins.remove': call({
    service: 'station',
    summary: 'Take a password, or a service with what it may do, away',
    input: z.object({ username: z.string().min(1).max(limits.commonNameChars) }).strict(),
    output: done,
    roles: officer,
  }),
  'logins.tenant': call({
    service: 'station',
    summary:
      'What the devices of a tenant may log in with: both, certificates only, or, until a day, passwords although they have certificates',
    input: z
      .object({
        tenant: TenantId,
        mode: z.enum(['both', 'certificates', 'passwords']),
        hours: z.int().min(1).max(limits.rollbackHours).nullable().default(null),
        reason: z.string().min(1).max(200),
      })
      .strict()
      .refine(({ mode, hours }) => (mode === 'passwords') === (hours !== null), {
        path: ['hours'],
        message: 'is needed with “passwords”, and only there',
      }),
    output: z.object({ tenants: z.array(TenantLogins) }),
    roles: officer,
  }),
} as const;
