import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { Instant } from '../ids.ts';
import { limits } from '../limits.ts';

export const BrokerView = z.object({
  name: z.string(),
  kind: z.enum(['local', 'remote', 'rabbitmq']),
  state: z.enum(['up', 'away', 'starting']),
  host: z.string(),
  port: z.int(),
  /** As it says itself; null before it said so. */
  version: z.string().nullable(),
  since: Instant,
  canary: z.object({ at: Instant, revokedRefused: z.boolean(), goodAccepted: z.boolean() }).nullable(),
  /** Publications that wait, and since when. */
  waiting: z.int(),
  waitingSince: Instant.nullable(),
  failure: FailureData.nullable(),
});
export type BrokerView = z.infer<typeof BrokerView>;

/** A broker host that an administrator runs: Mosquitto, and OpenSSH for what the station puts there. */
export const RemoteHost = z
  .object({
    host: z.string().min(1).max(253),
    /** MQTT over TLS. */
    port: z.int().min(1).max(65_535).default(8883),
    /** What its server certificate is for; null: the host. */
    serverName: z.string().min(1).max(253).nullable().default(null),
    sshPort: z.int().min(1).max(65_535).default(22),
    /** As `ssh-keygen -l` prints it. */
    hostKey: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/u, 'must be SHA256: and 43 characters, as “ssh-keygen -l” prints it'),
    filesUser: z.string().min(1).max(64).default('birthmark-files'),
    commandUser: z.string().min(1).max(64).default('birthmark-command'),
  })
  .strict();
export type RemoteHost = z.infer<typeof RemoteHost>;

const RabbitmqNode = z
  .object({
    host: z.string().min(1).max(253),
    /** MQTT over TLS. */
    port: z.int().min(1).max(65_535).default(8883),
    /** What its server certificate is for; null: the host. */
    serverName: z.string().min(1).max(253).nullable().default(null),
    /** Its CRL hash directory, as a folder of this computer: the node's own, or a mounted one. */
    folder: z
      .string()
      .max(1_000)
      .regex(/^\/[^\p{Cc}]*$/u, 'must be an absolute path'),
  })
  .strict();

/** A RabbitMQ cluster with the MQTT plugin. Devices are told the first node. */
export const RabbitmqCluster = z
  .object({
    nodes: z.array(RabbitmqNode).min(1).max(9),
    /** The management API answers on 127.0.0.1 of this computer: it is plain HTTP, and its user may do everything. */
    managementPort: z.int().min(1).max(65_535).default(15_672),
    managementUser: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/u, 'must be letters, digits, "_", "." and "-"')
      .default('birthmark'),
    vhost: z
      .string()
      .min(1)
      .max(127)
      .regex(/^[^\p{Cc}]*$/u, 'must be visible characters')
      .default('/'),
  })
  .strict()
  .refine(({ nodes }) => new Set(nodes.map(({ folder }) => folder)).size === nodes.length, 'each node has a folder of its own');
export type RabbitmqCluster = z.infer<typeof RabbitmqCluster>;

/** Who may do what on the broker: in which form, and what that costs it. Times in ms, estimated from measurements. */
export const AccessView = z.object({
  topicRule: z.string(),
  /** entries: one for each device. pattern: one line for all of them. */
  form: z.enum(['entries', 'pattern']),
  devices: z.int(),
  brokerVersion: z.string().nullable(),
  /** How long a reload of the access list stops the broker. */
  reloadMs: z.number(),
  /** The revocation lists: what a reload and each handshake cost. */
  crl: z.object({ entries: z.int(), bytes: z.int(), reloadMs: z.number(), handshakeMs: z.number() }),
  warnings: z.array(FailureData),
});
export type AccessView = z.infer<typeof AccessView>;

/** Who may come to the broker with a password, or is no device. */
export const LoginView = z.object({
  username: z.string(),
  kind: z.enum(['device', 'service']),
  hasPassword: z.boolean(),
  /** Topic filters of a service; a device has its own topics. */
  reads: z.array(z.string()),
  writes: z.array(z.string()),
  setBy: z.string(),
  setAt: Instant,
  /** Why its password is not taken: the device has a certificate, was revoked, is not approved, or its tenant takes none; null: it is. */
  refusal: z.enum(['no-password', 'not-approved', 'tenant', 'revoked', 'certificate']).nullable(),
});
export type LoginView = z.infer<typeof LoginView>;

/** What the devices of a tenant log in with, where it is not both with the certificate first. */
export const TenantLogins = z.object({
  tenant: z.string(),
  mode: z.enum(['certificates', 'passwords']),
  until: Instant.nullable(),
  reason: z.string(),
  setBy: z.string(),
  setAt: Instant,
});
export type TenantLogins = z.infer<typeof TenantLogins>;

/** A PostgreSQL database of the central records. */
export const RecordsHost = z
  .object({
    host: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/u, 'must be a host name or an address'),
    port: z.int().min(1).max(65_535).default(5432),
    database: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,62}$/u, 'must be small letters, digits and "_"')
      .default('birthmark'),
    /** What its server certificate is for; null: the host. */
    serverName: z.string().min(1).max(253).nullable().default(null),
    /** The CA of its server certificate; null: the CA of our brokers' certificates. */
    caPem: z.string().max(limits.pemChars).nullable().default(null),
  })
  .strict();
export type RecordsHost = z.infer<typeof RecordsHost>;

export const RecordsView = z.object({
  name: z.string(),
  host: z.string(),
  port: z.int(),
  database: z.string(),
  state: z.enum(['up', 'away', 'starting']),
  since: Instant,
  /** Changes that are not recorded there yet, and since when the oldest of them waits. */
  waiting: z.int(),
  waitingSince: Instant.nullable(),
  /** When something was last recorded there. */
  sentAt: Instant.nullable(),
  /** What it did not take, or has otherwise. */
  problems: z.int(),
  failure: FailureData.nullable(),
});
export type RecordsView = z.infer<typeof RecordsView>;

export const RecordsProblem = z.object({ host: z.string(), kind: z.string(), key: z.string(), at: Instant, failure: FailureData });
export type RecordsProblem = z.infer<typeof RecordsProblem>;
