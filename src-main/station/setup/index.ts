export { loadIdentities, loadIdentity } from './identities.ts';
export { loadCertificateProfiles } from './profiles.ts';
export { crlBase, setUp, type SetUpPlan } from './set-up.ts';
export { makeSoftwareTokenFolder } from './software-token.ts';
