import type { CertificateProfileView } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { lintCertificateProfile } from '../ca/index.ts';
import type { StationProfile } from '../setup/index.ts';
import type { HandlerContext } from './context.ts';

export function profilesHandlers(station: HandlerContext): HandlersOf<'profiles'> {
  return {
    'profiles.list': () => station.live().profiles.all().map(view),
    'profiles.lint': ({ text }) => lintCertificateProfile(text).findings,
    'profiles.add': ({ text }, caller) => {
      const { profiles, registry } = station.live();
      const profile = profiles.add(text);
      registry.store.transaction(() => registry.store.audit(caller.name, 'profile.add', profile.name, { profile }));
      return view({ profile, own: true });
    },
  };
}

const view = ({ profile, own }: StationProfile): CertificateProfileView => {
  const {
    name,
    keyAlgorithms,
    keyMadeBy = null,
    validityDays,
    maxValidityDays,
    commonName,
    organization = null,
    organizationalUnit = null,
    uri = null,
  } = profile;
  return { name, own, keyAlgorithms, keyMadeBy, validityDays, maxValidityDays, commonName, organization, organizationalUnit, uri };
};
