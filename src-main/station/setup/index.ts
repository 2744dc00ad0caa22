export { loadIdentities, loadIdentity } from './identities.ts';
export { knownModules } from './known-modules.ts';
export { loadCertificateProfiles } from './profiles.ts';
export { setUp, type SetUpPlan } from './set-up.ts';
export { makeSoftwareTokenFolder } from './software-token.ts';
