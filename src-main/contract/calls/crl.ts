import { z } from 'zod';
import { Bytes, Instant, SerialHex } from '../ids.ts';
import { limits } from '../limits.ts';
import { CrlChange, CrlSettings, CrlView, RevocationReason } from '../models.ts';
import { call, nothing, officer, page, pageOf, signedIn } from './spec.ts';

/** Which CRL: of the issuer that signs certificates now where none is named. */
const scope = {
  issuer: z.string().max(80).nullable().default(null),
  partition: z
    .int()
    .min(0)
    .max(limits.crlPartitions.max - 1)
    .default(0),
};
const number = z.int().min(1);
const Listen = z.object({ host: z.string().min(1).max(255).default('127.0.0.1'), port: z.int().min(0).max(65535) }).strict();

/** What came, or would come, out of lists into the registry. */
export const CrlAdoption = z.object({
  dryRun: z.boolean(),
  lists: z.array(z.object({ issuer: z.string(), partition: z.int(), number: z.int(), thisUpdate: Instant, adopted: z.int() })),
  /** Lists of other stations in the file. */
  others: z.int(),
  adopted: z.int(),
  /** The first of them. Device null: the certificate is not known here. */
  entries: z.array(z.object({ serial: SerialHex, device: z.string().nullable(), revokedAt: Instant, reason: RevocationReason })),
});
export type CrlAdoption = z.infer<typeof CrlAdoption>;

export const crlCalls = {
  'crl.publish': call({
    service: 'station',
    summary: 'Build and publish a new CRL now',
    /** `above`: the new number is higher; for a registry restored from a backup, whose broker host has seen more. */
    input: z.object({ above: z.int().min(0).max(1_000_000_000).default(0) }).strict(),
    output: CrlView,
    roles: officer,
  }),
  'crl.receive': call({
    service: 'station',
    summary: 'A piece of a file with revocation lists that are to be adopted, from its beginning on',
    input: z
      .object({ offset: z.int().min(0), bytes: Bytes.refine((bytes) => bytes.length <= limits.crlChunkBytes, 'too large a piece') })
      .strict(),
    output: z.object({ size: z.int() }),
    roles: officer,
  }),
  'crl.adopt': call({
    service: 'station',
    summary: 'Take the revocations of the received lists that the registry does not know, since it was restored from a backup; final',
    input: z.object({ note: z.string().min(1).max(200), /** Only tell what would come in. */ dryRun: z.boolean() }).strict(),
    output: CrlAdoption,
    roles: officer,
  }),
  'crl.history': call({
    service: 'station',
    summary: 'The CRLs so far, newest first; of all partitions where none is named',
    input: z
      .object({ issuer: scope.issuer, partition: z.int().min(0).nullable().default(null), limit: page.limit, cursor: page.cursor })
      .strict(),
    output: pageOf(CrlView),
    roles: signedIn,
  }),
  'crl.diff': call({
    service: 'station',
    summary: 'What came into the CRL after number `from` and up to number `to`, and what left it',
    input: z
      .object({ ...scope, from: z.int().min(0), to: number, limit: page.limit })
      .strict()
      .refine(({ from, to }) => from < to, 'the first number must be lower than the second'),
    output: z.object({ from: CrlView.nullable(), to: CrlView, added: z.array(CrlChange), dropped: z.array(CrlChange) }),
    roles: signedIn,
  }),
  'crl.read': call({
    service: 'station',
    summary: 'A piece of a CRL’s DER, of any number that there ever was',
    input: z.object({ ...scope, number, offset: z.int().min(0).default(0) }).strict(),
    output: z.object({ crl: CrlView, bytes: Bytes }),
    roles: signedIn,
  }),
  'crl.signers': call({
    service: 'station',
    summary: 'Certificates of the CAs that ever signed CRLs here',
    input: nothing,
    output: z.array(z.object({ issuer: z.string(), certificate: Bytes })),
    roles: signedIn,
  }),
  'crl.serving': call({
    service: 'station',
    summary: 'Where the CRLs are served over HTTP; null: nowhere',
    input: nothing,
    output: z.object({ listen: Listen.nullable() }),
    roles: signedIn,
  }),
  'crl.serve': call({
    service: 'station',
    summary: 'Serve CRLs and CA certificates over plain HTTP whenever the station runs; null: no more',
    input: z.object({ listen: Listen.nullable() }).strict(),
    output: z.object({ listen: Listen.nullable() }),
    roles: officer,
  }),
  'crl.settings': call({ service: 'station', summary: 'How long a CRL is good', input: nothing, output: CrlSettings, roles: signedIn }),
  'crl.change': call({
    service: 'station',
    summary: 'Change how long a CRL is good, from the next one on',
    input: z.object({ nextUpdateHours: z.int().min(limits.crlHours.min).max(limits.crlHours.max) }).strict(),
    output: CrlSettings,
    roles: officer,
  }),
} as const;
