import { z } from 'zod';
import { BackupSettings, BackupView } from '../models.ts';
import { call, nothing, officer, signedIn } from './spec.ts';

/** `fingerprint`: SHA-256 of the key that backups are sealed for. */
const SettingsView = BackupSettings.extend({ fingerprint: z.string().nullable() });

export const backupsCalls = {
  'backups.create': call({
    service: 'station',
    summary: 'Make a backup now, and a sealed copy where that is set up; both are read back before they count',
    input: nothing,
    output: z.object({ backup: BackupView, sealed: BackupView.nullable() }),
    roles: officer,
  }),
  'backups.list': call({
    service: 'station',
    summary: 'The backups in the data folder and the sealed copies in the second folder, newest first',
    input: nothing,
    output: z.array(BackupView),
    roles: signedIn,
  }),
  'backups.settings': call({
    service: 'station',
    summary: 'How many backups stay, and where sealed copies go',
    input: nothing,
    output: SettingsView,
    roles: signedIn,
  }),
  'backups.change': call({
    service: 'station',
    summary: 'Change how many backups stay, and where sealed copies go; a second folder needs a key',
    input: BackupSettings,
    output: SettingsView,
    roles: officer,
  }),
} as const;
