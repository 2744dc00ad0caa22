export { loadIdentities, loadIdentity, makeKey } from './identities.ts';
export { knownModules } from './known-modules.ts';
export { DeviceCertificateProfiles, loadCertificateProfiles, type StationProfile } from './profiles.ts';
export { setUp, type SetUpPlan } from './set-up.ts';
export { makeSoftwareTokenFolder } from './software-token.ts';
