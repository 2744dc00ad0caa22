export {
  installIdentities,
  keepRabbitmqPassword,
  loadIdentities,
  loadIdentity,
  makeKey,
  rabbitmqPassword,
  stageIdentity,
  stationSshKeys,
  type IdentityName,
} from './identities.ts';
export { OwnIdentities } from './own-identities.ts';
export { knownModules } from './known-modules.ts';
export { DeviceCertificateProfiles, loadCertificateProfiles, type StationProfile } from './profiles.ts';
export { makeSoftwareTokenFolder, followSoftwareToken, softwareTokenModule } from './software-token.ts';
