import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exitCodes, Failure } from '../../contract/index.ts';
import { fingerprintOf, readBackup, readHead, viewOf } from '../../station/backup/index.ts';
import type { CommandContext } from '../context.ts';
import { NewFile, readText } from '../files.ts';
import { facts } from '../output.ts';
import { readSecret } from '../pin.ts';

export async function verifyBackup(context: CommandContext): Promise<number> {
  const path = context.values.word;
  const head = await readHead(path);
  await readBackup(path, await openingKey(context));
  const view = viewOf(path, head);
  context.output.result(view, () =>
    facts([
      ['backup', `whole: ${path}`],
      ['station', `${view.name}, ${view.madeAt} (${view.why}), version ${view.version}`],
      ...Object.entries(view.counts).map(([what, count]) => [what, String(count)] as const),
    ]),
  );
  return exitCodes.OK;
}

/** The private key of a sealed backup that the options name; null without one. */
export async function openingKey(
  context: CommandContext,
  passwordOption = 'password-file',
): Promise<{ readonly privateKey: KeyObject } | null> {
  const file = context.values.text('key');
  if (file === undefined) return null;
  const password = context.values.text(passwordOption);
  const pem = readText(file);
  const passphrase =
    password === undefined
      ? undefined
      : await readSecret({ file: password, option: '--password-file', tryOut: false }, 'Password of the key');
  try {
    return { privateKey: createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) }) };
  } catch (thrown) {
    throw new Failure('INVALID_INPUT', { field: '--key', problem: 'it is no private key in PEM, or its password is wrong' }, thrown);
  }
}

export async function makeBackupKey(context: CommandContext): Promise<number> {
  const path = context.values.needed('out');
  const file = context.values.text('password-file');
  const passphrase =
    file === undefined ? undefined : await readSecret({ file, option: '--password-file', tryOut: false }, 'Password for the key');
  const [secret, open] = [new NewFile(path, 0o600), new NewFile(`${path}.pub.pem`, 0o644)];
  context.atEnd(() => [secret, open].forEach((one) => one.close()));
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const form = { type: 'pkcs8', format: 'pem' } as const;
  secret.fill(privateKey.export(passphrase === undefined ? form : { ...form, cipher: 'aes-256-cbc', passphrase }));
  open.fill(publicKey.export({ type: 'spki', format: 'pem' }));
  const result = { privateKey: secret.path, publicKey: open.path, fingerprint: fingerprintOf(publicKey) };
  context.output.result(result, () =>
    [
      `Private key: ${result.privateKey}. Keep it away from the station: without it no sealed backup can be opened.`,
      `Public key: ${result.publicKey}, for: birthmark backups change --seal`,
    ].join('\n'),
  );
  return exitCodes.OK;
}
