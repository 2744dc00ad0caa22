import {
  Failure,
  type Caller,
  type CallOutput,
  type CallParsed,
  type RebindTerms,
  type SignerOutput,
  type TokenDetails,
} from '../contract/index.ts';
import type { PinRequests } from './dispatch/index.ts';
import type { Environment } from './environment.ts';
import type { Registry } from './registry/index.ts';

export interface RebindParts extends Pick<Environment, 'signer' | 'emit'> {
  readonly registry: Registry;
  readonly pinRequests: PinRequests;
}

/**
 * The keys of this station's CAs are in another token or behind another module: an HSM that was restored from its vendor's backup, a library that
 * was moved. The signer proves each of them there before it is recorded; after a refusal the station uses what it used before.
 * SESSION_OPEN, TOKEN_UNKNOWN, KEY_NOT_FOUND, KEY_ATTRIBUTES_REFUSED, and what the module or the PIN is refused with.
 */
export async function rebindToken(
  parts: RebindParts,
  order: CallParsed<'tokens.rebind'>,
  caller: Caller,
): Promise<CallOutput<'tokens.rebind'>> {
  const { registry, signer } = parts;
  const { store, settings } = registry;
  const { module, label, serial, reason } = order;
  const found = theToken(await signer.call('token.inspect', { module }), label, serial);
  const token = { label: found.label, serial: found.serial };
  const issuers = registry.issuers.signsCrls();
  const keys = issuers.map(({ ckaId, spkiSha256, certificate }) => ({ key: { ckaId, spkiSha256 }, certificate }));
  const before = { module: settings.must('module'), token: settings.must('token') };
  try {
    await prove(parts, { module, token, pinPad: found.pinPad, keys, operator: caller.name, reason }, caller);
    store.transaction(() => {
      settings.set('module', module);
      settings.set('token', token);
      store.audit(caller.name, 'token.rebind', token.serial, { ...token, module, before, issuers: issuers.map(({ id }) => id), reason });
    });
  } finally {
    if (signer.session === null) await signer.use(settings.must('module'), settings.must('token'));
  }
  return { token, issuers: issuers.map(({ id }) => id) };
}

function theToken(tokens: readonly TokenDetails[], label: string, serial: string | null): TokenDetails {
  const [token, ...more] = tokens.filter((one) => one.label === label && (serial === null || one.serial === serial));
  const shown = tokens.map((one) => `“${one.label}” (${one.serial})`).join(', ');
  if (token === undefined)
    throw new Failure('TOKEN_UNKNOWN', {
      label: serial === null ? label : `${label} (${serial})`,
      found: shown === '' ? 'no token' : shown,
    });
  if (more.length > 0) throw new Failure('INVALID_INPUT', { field: 'serial', problem: `several tokens have this label: ${shown}` });
  return token;
}

async function prove({ signer, pinRequests, emit }: RebindParts, terms: RebindTerms, caller: Caller): Promise<void> {
  const request: SignerOutput<'token.requestRebind'> = await signer.call('token.requestRebind', terms);
  const answered = signer.answeredOrGone(request);
  pinRequests.asked(request, caller);
  const { label, serial } = terms.token;
  emit('pin.wanted', { ...request, purpose: `PIN of the token “${label}” (${serial})`, token: null }, caller.connection);
  await answered;
}
