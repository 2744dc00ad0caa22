import { exitCodes, Failure, type RestorePlan } from '../../contract/index.ts';
import { Restore } from '../../station/backup/index.ts';
import { systemClock } from '../../station/clock.ts';
import type { CommandContext } from '../context.ts';
import { forgetCredential } from '../credential.ts';
import { facts } from '../output.ts';
import { readSecret } from '../pin.ts';
import { openingKey } from './backup-files.ts';

export async function restore(context: CommandContext): Promise<number> {
  const { values, output } = context;
  const dryRun = values.flag('dry-run');
  const name = values.text('officer');
  if (!dryRun && name === undefined)
    throw new Failure('INVALID_INPUT', {
      field: '--officer',
      problem: 'name an officer of the station, as it was when the backup was made',
    });
  const dataDir = context.dataFolder();
  const key = await openingKey(context, 'key-password-file');
  const opened = await Restore.open({ dataDir, path: values.word, key, clock: systemClock });
  try {
    const { plan } = opened;
    for (const line of planText(plan).split('\n')) output.note(line);
    const evidence = dryRun || name === undefined ? null : opened.apply({ name, password: await password(context, opened, name) });
    if (!dryRun) forgetCredential(dataDir);
    output.result({ dryRun, dataDir, evidence, ...plan }, () =>
      dryRun
        ? 'Nothing was changed.'
        : [
            `Restored into ${dataDir}.${evidence === null ? '' : ` What was replaced is kept in ${evidence}.`}`,
            'When the station starts, it takes what was revoked since from the lists in force before it publishes or issues anything. Then run: birthmark doctor',
          ].join('\n'),
    );
    return exitCodes.OK;
  } finally {
    opened.close();
  }
}

/** Empty where this officer has none. */
async function password(context: CommandContext, opened: Restore, name: string): Promise<string> {
  if (!opened.hasPassword(name)) return '';
  const source = { file: context.values.text('password-file'), option: '--password-file', tryOut: false } as const;
  return readSecret(source, `Password of ${name}, as it was when the backup was made`);
}

const replaced = {
  nothing: 'there is no station here yet',
  damaged: 'the database here is damaged',
  whole: 'a whole database is here',
} as const;

function planText({ backup, replaces, keepsMemory, missing }: RestorePlan): string {
  const hours = Math.floor((Date.now() - Date.parse(backup.madeAt)) / 3_600_000);
  const count = (value: number | null): string => (value === null ? 'not known' : String(value));
  return facts([
    ['backup', `${backup.name}, ${backup.madeAt} (${String(hours)} hours old, ${backup.why})`],
    [
      'holds',
      Object.entries(backup.counts)
        .map(([what, value]) => `${String(value)} ${what}`)
        .join(', '),
    ],
    ['replaces', replaced[replaces]],
    [
      'missing',
      `made since then and not in it: devices ${count(missing.devices)}, certificates ${count(missing.certificates)}, revocations ${count(missing.revocations)}, signed by the signer ${count(missing.signed)}`,
    ],
    ['memory', keepsMemory ? 'the signer’s memory here knows as much and stays' : 'the signer’s memory comes from the backup'],
    ['also', 'access keys and passwords are again as they were then: look at access-keys list'],
  ]);
}
