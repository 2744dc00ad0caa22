import { limits } from '../../../contract/index.ts';
import type { Noun } from '../entry.ts';

const privateKey = { value: 'FILE', file: 'read', help: 'private key of a sealed backup, PEM' } as const;
const keyPassword = { value: 'FILE', file: 'read', help: 'file with the password of that key, where it has one' } as const;
const view = '{path, sealed, name, madeAt, why, by, version, bytes, counts}';

export const backups: Noun = {
  name: 'backups',
  summary: 'backups of the station: made each day, before an upgrade and on demand',
  commands: [
    {
      name: 'backups create',
      summary: 'make a backup now and read it back; with a sealed copy where that is set up (officer)',
      examples: [{ line: 'backups create' }],
      output: `{backup: ${view}, sealed: null or the same}`,
      load: async () => (await import('../../commands/backups.ts')).createBackup,
    },
    {
      name: 'backups list',
      summary: 'the backups that there are, newest first',
      rows: true,
      examples: [{ line: 'backups list' }],
      output: `{total, rows: [${view}]}`,
      load: async () => (await import('../../commands/backups.ts')).listBackups,
    },
    {
      name: 'backups verify',
      summary: 'read a whole backup and check everything in it; exit code 7 when it is damaged',
      argument: { word: 'FILE', required: true, file: 'read', help: 'the backup' },
      options: { key: privateKey, 'password-file': keyPassword },
      alone: true,
      examples: [{ line: 'backups verify birthmark-fea8a8e9-20261130T225915123Z-daily.sealed --key backup-key.pem' }],
      output: view,
      load: async () => (await import('../../commands/backup-files.ts')).verifyBackup,
    },
    {
      name: 'backups settings',
      summary: 'how many backups stay, and where sealed copies go',
      examples: [{ line: 'backups settings' }],
      output: '{keep, folder, publicKey, fingerprint}',
      load: async () => (await import('../../commands/backups.ts')).showBackupSettings,
    },
    {
      name: 'backups change',
      summary: 'change how many backups stay, or where sealed copies go (officer)',
      options: {
        keep: { value: 'N', help: `backups of each kind that stay in each folder (default ${String(limits.backupsKept.default)})` },
        folder: { value: 'DIR', file: 'folder', help: 'second folder for sealed copies: another disk, or a mounted share' },
        seal: { value: 'FILE', file: 'read', help: 'public key that they are sealed for, PEM; its private key belongs into no station' },
        'no-folder': { help: 'no sealed copies any more' },
      },
      examples: [{ line: 'backups change --folder /mnt/backups --seal backup-key.pub.pem' }],
      output: 'as backups settings',
      load: async () => (await import('../../commands/backups.ts')).changeBackupSettings,
    },
    {
      name: 'backups make-key',
      summary: 'make a key pair to seal backups for; keep the private key away from the station',
      options: {
        out: {
          value: 'FILE',
          short: 'o',
          file: 'write',
          required: true,
          help: 'new file for the private key; the public one goes to FILE.pub.pem',
        },
        'password-file': { value: 'FILE', file: 'read', help: 'file with a password for the private key (default: it has none)' },
      },
      alone: true,
      examples: [{ line: 'backups make-key --out backup-key.pem --password-file password' }],
      output: '{privateKey, publicKey, fingerprint}',
      load: async () => (await import('../../commands/backup-files.ts')).makeBackupKey,
    },
  ],
};
