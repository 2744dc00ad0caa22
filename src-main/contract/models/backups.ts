import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { Instant } from '../ids.ts';
import { limits } from '../limits.ts';

/** Why a backup was made: by the clock, on somebody's word, or before a new version changed the database. */
export const BackupReason = z.enum(['daily', 'asked', 'upgrade']);
export type BackupReason = z.infer<typeof BackupReason>;

export const BackupCounts = z
  .object({ devices: z.int(), certificates: z.int(), revocations: z.int(), runs: z.int(), audit: z.int(), signed: z.int() })
  .strict();
export type BackupCounts = z.infer<typeof BackupCounts>;

/** One backup; `signed`: certificates that the signer remembers. */
export const BackupView = z.object({
  path: z.string(),
  sealed: z.boolean(),
  name: z.string(),
  madeAt: Instant,
  why: BackupReason,
  by: z.string(),
  version: z.string(),
  bytes: z.int(),
  counts: BackupCounts,
});
export type BackupView = z.infer<typeof BackupView>;

/** Sealed copies go to `folder` where there is one; without a key nothing leaves the data folder. */
export const BackupSettings = z
  .object({
    keep: z.int().min(limits.backupsKept.min).max(limits.backupsKept.max),
    folder: z.string().min(1).max(1000).nullable(),
    /** X25519, SPKI PEM. */
    publicKey: z.string().max(1000).nullable(),
  })
  .strict();
export type BackupSettings = z.infer<typeof BackupSettings>;

/** What a restore would do. `missing`: how much more there is now than in the backup; null where that cannot be read. */
export const RestorePlan = z.object({
  backup: BackupView,
  replaces: z.enum(['nothing', 'damaged', 'whole']),
  /** The signer's memory in the folder knows at least as much, and stays. */
  keepsMemory: z.boolean(),
  missing: z.object({
    devices: z.int().nullable(),
    certificates: z.int().nullable(),
    revocations: z.int().nullable(),
    signed: z.int().nullable(),
  }),
});
export type RestorePlan = z.infer<typeof RestorePlan>;

/** Where the data folder is; `doubt`: why it may not be the only one of its station. */
export const FolderView = z.object({ path: z.string(), doubt: FailureData.nullable() });
export type FolderView = z.infer<typeof FolderView>;

/** The newest backup; `failure`: why the last attempt made none, or no sealed copy. */
export const BackupState = z.object({ newest: Instant.nullable(), failure: FailureData.nullable() });
export type BackupState = z.infer<typeof BackupState>;
