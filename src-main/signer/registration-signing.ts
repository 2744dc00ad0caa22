import { Failure, registrationText, type SignerOutput, type SignerParsed } from '../contract/index.ts';
import { say } from '../log/index.ts';
import { refused } from './failures.ts';
import type { OpenSession } from './open-session.ts';
import type { SessionQueue } from './session-queue.ts';
import { digestOf, verifies } from './signature.ts';

/**
 * The proof for an administrator of central records that a CA key is this station's. It is no certificate and counts for no quota; a session for
 * revocation lists only is not for it, and a ceremony neither.
 */
export async function signRegistration(
  session: OpenSession,
  queue: SessionQueue,
  { key: ref, ...registration }: SignerParsed<'sign.registration'>,
): Promise<SignerOutput<'sign.registration'>> {
  const { account } = session.required();
  if (account.terms.kind !== 'issue') throw refused('the session is not for a registration');
  const key = account.key(ref);
  const text = Buffer.from(registrationText(registration));
  return queue.run('usual', async () => {
    const open = session.required();
    const signature = await session.watched(open, () => open.link.sign(open.account.key(ref), digestOf(key.algorithm, text)));
    if (!verifies(key.algorithm, key.publicKey, text, signature)) throw new Failure('SIGNATURE_INVALID', { method: 'C_Sign' });
    open.account.touch(session.moment());
    say('info', 'signer', 'signed a registration for central records', { ckaId: ref.ckaId, station: registration.station });
    return { signature };
  });
}
