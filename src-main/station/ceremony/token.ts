import { Failure, type TokenDetails, type TokenRef } from '../../contract/index.ts';
import type { CeremonyContext } from './context.ts';
import { details } from './steps.ts';

/**
 * The token of the ceremony, proven to be the right one: by what the plan demands, and by what it said when the ceremony began.
 * TOKEN_UNKNOWN, TOKEN_OTHER, TOKEN_CANNOT, TOKEN_WRITE_PROTECTED, PIN_NOT_SET, or INVALID_INPUT where a name fits two.
 */
export async function rightToken({ plan, parts, journal }: CeremonyContext): Promise<TokenDetails> {
  const token = choose(await parts.signer('token.inspect', { module: plan.module }), plan.token.label, plan.token.serial);
  const before = journal.done('token', details.token);
  for (const what of ['serial', 'model', 'manufacturer', 'firmware'] as const)
    for (const wanted of [plan.token[what], before?.[what]])
      if (wanted !== undefined && wanted !== token[what])
        throw new Failure('TOKEN_OTHER', { label: token.label, what, found: token[what], wanted });
  for (const { algorithm } of plan.authorities)
    if (token.algorithms.length > 0 && !token.algorithms.includes(algorithm))
      throw new Failure('TOKEN_CANNOT', { label: token.label, algorithm, known: token.algorithms.join(', ') });
  if (token.flags.includes('CKF_WRITE_PROTECTED')) throw new Failure('TOKEN_WRITE_PROTECTED', { label: token.label });
  if (token.pinState === 'not-set') throw new Failure('PIN_NOT_SET', { label: token.label });
  return token;
}

/** By its label or its serial number. */
function choose(all: readonly TokenDetails[], label: string, serial: string | undefined): TokenDetails {
  // A token that was never initialised has no name yet.
  const tokens = all.filter((token) => token.initialised);
  const named = tokens.filter((token) => token.label === label || token.serial === label);
  const [token] = named.length > 1 && serial !== undefined ? named.filter((one) => one.serial === serial) : named;
  if (token === undefined) {
    const found = tokens.map((one) => `“${one.label}” (${one.serial})`).join(', ');
    throw new Failure('TOKEN_UNKNOWN', { label, found: found === '' ? 'no token that is initialised' : found });
  }
  if (named.length > 1 && serial === undefined) {
    const serials = named.map((one) => one.serial).join(', ');
    throw new Failure('INVALID_INPUT', {
      field: 'tokenLabel',
      problem: `${String(named.length)} tokens are called “${label}”; name one by its serial number: ${serials}`,
    });
  }
  return token;
}

export const refOf = ({ label, serial }: TokenDetails): TokenRef => ({ label, serial });
