import { exitCodes, Failure } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { forgetCredential, keepCredential, keptCredential } from '../credential.ts';
import { readSecret } from '../pin.ts';

/** SIGN_IN_FAILED, SIGN_IN_LOCKED. What it gives is kept for the commands that follow. */
export async function signIn(context: CommandContext): Promise<number> {
  const name = context.values.word;
  const dataDir = context.dataFolder();
  const station = context.start({ broker: false, line: 'off' });
  const known = (await station.call('operators.list', {})).find((operator) => operator.name === name);
  if (known === undefined) throw new Failure('NOT_FOUND', { kind: 'operator', id: name });
  const source = { file: context.values.text('password-file'), option: '--password-file', tryOut: false } as const;
  const password = known.passwordSet ? await readSecret(source, `Password of ${name}`) : '';
  const { operator, credential, expiresAt } = await station.call('operators.signIn', { name, password });
  if (credential !== null) keepCredential(dataDir, credential);
  context.output.result({ operator, expiresAt }, () => `${operator.name} (${operator.role}) is signed in until ${expiresAt}.`);
  return exitCodes.OK;
}

export async function signOut(context: CommandContext): Promise<number> {
  const dataDir = context.dataFolder();
  const kept = keptCredential(dataDir);
  forgetCredential(dataDir);
  const station = context.start({ broker: false, line: 'off' }, kept === null ? {} : { credential: kept });
  const { operator } = await station.call('station.status', {});
  if (kept !== null && operator !== null) await station.call('operators.signOut', {});
  context.output.result({}, () => (kept === null ? 'Nobody was signed in here.' : 'Signed out.'));
  return exitCodes.OK;
}
