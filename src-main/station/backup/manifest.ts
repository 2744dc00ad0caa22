import { z } from 'zod';
import { BackupCounts, BackupReason, Instant } from '../../contract/index.ts';

/** What a backup says of itself: in its first file, and in the clear in front of a sealed one. */
export const Manifest = z
  .object({
    format: z.literal(1),
    station: z.string().regex(/^[a-z0-9]{0,32}$/u),
    name: z.string(),
    madeAt: Instant,
    why: BackupReason,
    by: z.string(),
    version: z.string(),
    schema: z.int().min(1),
    /** Null: there was no memory of the signer's. */
    signerSchema: z.int().min(1).nullable(),
    counts: BackupCounts,
    lists: z.array(z.object({ issuer: z.string(), partition: z.int(), number: z.int() }).strict()),
    files: z.array(z.object({ name: z.string().min(1), bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/u) }).strict()),
  })
  .strict();
export type Manifest = Readonly<z.infer<typeof Manifest>>;

export const manifestFile = 'manifest.json';
/** The last file: the digest of the first, as sha256sum writes it. */
export const manifestDigestFile = 'manifest.sha256';
export const manifestDigest = (sha256: string): string => `${sha256}  ${manifestFile}\n`;
