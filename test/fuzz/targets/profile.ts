import { readdirSync, readFileSync } from 'node:fs';
import { commonNameFor, lintCertificateProfile, signingProfile } from '../../../src-main/station/ca/index.ts';
import { placesOf } from '../places.ts';
import { mutateText } from '../mutate/text.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

const folder = new URL('../../../resources/profiles/certificates/', import.meta.url).pathname;
const shipped = readdirSync(folder).filter((name) => name.endsWith('.json'));

/** Certificate profiles as officers write them. The linter finds a place for all that is wrong, and what it lets through can be used. */
export const certificateProfile: FuzzTarget = {
  name: 'profile',
  seeds: () => shipped.map((name) => readFileSync(`${folder}${name}`)),
  mutate: mutateText([
    '"name"',
    '"use"',
    '"commonName"',
    '{tenant}/{device}',
    '{device}',
    '{{',
    '(.*)+$',
    '"keyAlgorithms"',
    '"ec-p256"',
    '[',
    '{',
    ',',
    '"validityDays": 3650',
    '/*',
    '//',
    '1e3',
    '"__proto__": {}',
  ]),
  feed: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const { profile, findings } = lintCertificateProfile(text);
    const found = placesOf(text, profile !== null, findings);
    if (profile === null) return found;
    const words = refusedBy(
      /^ID_INVALID$/u,
      () => commonNameFor(profile, { tenant: 'a', device: 'b', name: 'c', host: 'd' }),
      () => 'named',
    );
    if (
      words === 'named' &&
      !new RegExp(`^(?:${signingProfile(profile).commonName})$`, 'u').test(
        commonNameFor(profile, { tenant: 'a', device: 'b', name: 'c', host: 'd' }),
      )
    )
      throw new Broken('a common name that the signer would refuse');
    return `${found}, ${words}`;
  },
};
