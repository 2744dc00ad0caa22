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
  RESTORE_OTHER_STATION: entry(
    'REFUSED',
    'officer',
    'other-input',
    'This folder belongs to another station',
    'The backup is of the station “{name}”, and {path} holds another one.',
    'Name the folder of that station, or a new one, with --data.',
  ),
  RESTORE_UNFINISHED: entry(
    'DATA',
    'officer',
    'later',
    'A restore was interrupted here',
    'A restore into {path} was begun and has not ended. The station does not start on half of it.',
    'Restore the same backup again: [command: restore FILE --officer NAME]. What it replaced is kept in the folder “evidence”.',
  ),
  RESTORE_OPEN: entry(
    'REFUSED',
    'officer',
    'later',
    'This station was restored and has not caught up yet',
    'It was restored from the backup of {madeAt}. What was revoked since then is in the lists that are in force, and they could not be read: {reason}. Until then nothing is issued or published.',
    'Bring the broker host and the central records back. The station then goes on by itself.',
    '[document: docs/runbooks/database-restore.md#After the restore]',
  ),
} as const satisfies Record<string, Entry>;
