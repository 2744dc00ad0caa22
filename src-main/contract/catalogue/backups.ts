import { entry, type Entry } from './entry.ts';

/** Backups, and what is done with them. */
export const backupsFailures = {
  BACKUP_OLD: entry(
    'DATA',
    'officer',
    'later',
    'The newest backup is old',
    'There has been no backup since {since}, for {hours} hours. {cause}.',
    'Make one now: [command: backups create].',
    'Keep the station running: it makes one each day. [document: docs/backup.md#When backups are made]',
  ),
  BACKUP_DAMAGED: entry(
    'DATA',
    'officer',
    'other-input',
    'This backup is damaged',
    '{path} cannot be used: {problem}.',
    'Use another backup: [command: backups list].',
    'Look at the disk or the share that it is on.',
  ),
  BACKUP_SEALED: entry(
    'REFUSED',
    'officer',
    'other-input',
    'This backup is sealed',
    '{path} was sealed for the key with the fingerprint {key}.',
    'Give the private key with --key.',
  ),
  BACKUP_KEY_WRONG: entry(
    'REFUSED',
    'officer',
    'other-input',
    'The wrong key for this backup',
    '{path} was sealed for the key {key}; the key that was given is {given}.',
    'Give the private key that belongs to the first fingerprint.',
  ),
} as const satisfies Record<string, Entry>;
