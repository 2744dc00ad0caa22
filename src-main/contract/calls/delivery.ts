import { z } from 'zod';
import { Bytes, DeviceName, Instant, SerialHex, Sha256Hex } from '../ids.ts';
import { limits } from '../limits.ts';
import { BundleFormat, BundleView, KeyAlgorithm } from '../models.ts';
import { call, officer, page, pageOf, signedIn } from './spec.ts';

const wish = {
  device: DeviceName,
  /** Default: the device's own work order. */
  order: z.string().max(40).nullable().default(null),
  format: BundleFormat.default('zip'),
  /** Default: the first one of the certificate profile. */
  keyAlgorithm: KeyAlgorithm.nullable().default(null),
  /** Null: a new one is made, and told in the answer, once. */
  passphrase: z.string().max(limits.passphraseChars.max).nullable().default(null),
  proveHours: z.int().min(limits.proveHours.min).max(limits.proveHours.max).default(limits.proveHours.default),
  /** An earlier bundle is in wrong hands, or nobody knows where: what the device has is revoked now, not when the new one is proven. */
  lost: z.boolean().default(false),
};

const made = {
  bundle: BundleView,
  fileName: z.string(),
  sha256: Sha256Hex,
  bytes: z.int(),
  /** Only of one that was made here; it is kept nowhere. */
  passphrase: z.string().nullable(),
  /** Of a passphrase made here exactly; of one's own at most. */
  passphraseBits: z.int(),
  /** Serial numbers of the device's certificates that were revoked for this one. */
  revoked: z.array(SerialHex),
};

export const deliveryCalls = {
  'bundles.make': call({
    service: 'station',
    summary: 'Make a key and a certificate for a device, and hand both out as one encrypted file; the key is kept nowhere',
    input: z.object(wish).strict(),
    output: z.object({ ...made, file: Bytes }),
    roles: officer,
    secret: true,
  }),
  'bundles.offer': call({
    service: 'station',
    summary: 'The same, fetched from the station over HTTPS by a link that works once',
    input: z
      .object({
        ...wish,
        linkMinutes: z.int().min(limits.linkMinutes.min).max(limits.linkMinutes.max).default(limits.linkMinutes.default),
        /** Name or address of this computer where the link is fetched. */
        host: z
          .string()
          .max(64)
          .regex(/^[A-Za-z0-9.:-]+$/u, 'must be a name or an address of this computer')
          .default('127.0.0.1'),
        port: z.int().min(0).max(65535).default(0),
      })
      .strict(),
    output: z.object({
      ...made,
      link: z.object({
        url: z.url(),
        until: Instant,
        /** SHA-256 of the certificate of the link's server, and of its public key (as `curl --pinnedpubkey` takes it). */
        fingerprint: Sha256Hex,
        pin: z.string(),
        certificatePem: z.string(),
      }),
    }),
    roles: officer,
    secret: true,
  }),
  'bundles.list': call({
    service: 'station',
    summary: 'Bundles, newest first, and how far each has come',
    input: z.object(page).strict(),
    output: pageOf(BundleView),
    roles: signedIn,
  }),
} as const;
