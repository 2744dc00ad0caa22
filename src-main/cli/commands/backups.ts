import { resolve } from 'node:path';
import { exitCodes, Failure, limits, type BackupView, type CallOutput } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { readText } from '../files.ts';
import { facts } from '../output.ts';
import { printRows, type Column } from '../rows.ts';

const columns: readonly Column<BackupView>[] = [
  { title: 'MADE', of: (one) => one.madeAt },
  { title: 'WHY', of: (one) => one.why },
  { title: 'DEVICES', of: (one) => one.counts.devices },
  { title: 'CERTIFICATES', of: (one) => one.counts.certificates },
  { title: 'REVOCATIONS', of: (one) => one.counts.revocations },
  { title: 'BYTES', of: (one) => one.bytes },
  { title: 'FILE', of: (one) => one.path },
];

const without = { broker: false, line: 'off' } as const;

export async function createBackup(context: CommandContext): Promise<number> {
  const made = await context.start(without).call('backups.create', {});
  context.output.result(made, () => [made.backup, ...(made.sealed === null ? [] : [made.sealed])].map(madeText).join('\n'));
  return exitCodes.OK;
}

const madeText = ({ path, sealed, bytes, counts }: BackupView): string =>
  `${sealed ? 'Sealed copy' : 'Backup'}, read back and found whole: ${path} (${String(bytes)} bytes, ${String(counts.certificates)} certificates, ${String(counts.revocations)} revocations)`;

export async function listBackups(context: CommandContext): Promise<number> {
  await printRows(context, columns, await context.start(without).call('backups.list', {}));
  return exitCodes.OK;
}

export async function showBackupSettings(context: CommandContext): Promise<number> {
  return told(context, await context.start(without).call('backups.settings', {}));
}

export async function changeBackupSettings(context: CommandContext): Promise<number> {
  const { values } = context;
  const off = values.flag('no-folder');
  if (off && (values.has('folder') || values.has('seal')))
    throw new Failure('INVALID_INPUT', { field: '--no-folder', problem: 'does not go with --folder or --seal' });
  const keyFile = values.text('seal');
  const publicKey = keyFile === undefined ? undefined : readText(keyFile);
  const station = context.start(without);
  const now = await station.call('backups.settings', {});
  const folder = values.text('folder');
  return told(
    context,
    await station.call('backups.change', {
      keep: values.number('keep', { ...limits.backupsKept, fallback: now.keep }),
      folder: off ? null : folder === undefined ? now.folder : resolve(folder),
      publicKey: publicKey ?? now.publicKey,
    }),
  );
}

function told(context: CommandContext, settings: CallOutput<'backups.settings'>): number {
  context.output.result(settings, () =>
    facts([
      ['kept', `the newest ${String(settings.keep)} of each kind`],
      ['copies', settings.folder ?? 'none outside of the data folder'],
      ['sealed for', settings.fingerprint ?? 'nobody'],
    ]),
  );
  return exitCodes.OK;
}
