import { Failure, type PinTerms, type RebindTerms } from '../contract/index.ts';
import { commonNameOf, DerError, readCertificateDer, sha256Hex } from '../der/index.ts';
import { refused, tokenFailure } from './failures.ts';
import { makeKey, type SigningKey } from './issuer-key.ts';
import type { PinPadWait } from './pin-pad.ts';
import type { Pin } from './pin.ts';
import type { Quirks } from './quirks.ts';
import type { TokenKeeper } from './token-keeper.ts';
import { TokenLink } from './token-link.ts';
import type { WrongPins } from './wrong-pins.ts';

interface ProvenKey extends SigningKey {
  readonly name: string;
}

/** The keys that must be in the token, by the certificates of their CAs. SESSION_REFUSED. */
function keysOf({ keys }: RebindTerms): ProvenKey[] {
  return keys.map(({ key, certificate }) => {
    try {
      const { spki, subject } = readCertificateDer(certificate).fields;
      if (sha256Hex(spki) !== key.spkiSha256) throw refused('the certificate of a CA is for another key');
      return { ...makeKey(key, spki, null, [], null), name: commonNameOf(subject) ?? key.spkiSha256 };
    } catch (error) {
      throw error instanceof DerError ? refused(`the certificate of a CA is damaged: ${error.message}`) : error;
    }
  });
}

/** What an officer is shown before the PIN. SESSION_REFUSED for terms that make no sense. */
export function shownRebind(terms: RebindTerms): PinTerms {
  const { module, token, operator, reason } = terms;
  return { kind: 'rebind', module, token, issuers: keysOf(terms).map(({ name }) => name), operator, reason };
}

export interface RebindParts {
  readonly keeper: TokenKeeper;
  readonly wrong: WrongPins;
  readonly quirks: Quirks;
}

/** Proves each key in the token by a signature and by its attributes; then module and token are in use. KEY_NOT_FOUND, KEY_ATTRIBUTES_REFUSED. */
export async function rebind(
  { keeper, wrong, quirks }: RebindParts,
  terms: RebindTerms,
  pin: Pin | null,
  pad: PinPadWait | null,
): Promise<void> {
  const keys = keysOf(terms);
  const { module: config, token: ref } = terms;
  await keeper.rebind(config, ref, async (module) => {
    const link = new TokenLink({ module, ref, pin, wrong, quirks, writable: false });
    try {
      await link.open(pad);
      for (const key of keys) {
        if (!(await link.has(key))) throw new Failure('KEY_NOT_FOUND', { label: ref.label, issuer: key.name });
        await link.attributes(key);
      }
    } catch (error) {
      throw tokenFailure(error);
    } finally {
      link.close();
    }
  });
}
