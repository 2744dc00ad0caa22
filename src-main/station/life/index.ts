export { revokeMany, selectMany, type Selection } from './bulk-revocation.ts';
export { endGraceNow, endGracePeriods, recoverUnfinished, rotate } from './rotation.ts';
export { decideDevices, readDeviceList, registerDevices } from './registration.ts';
export { hearInUse, inUseFilter, inUseText } from './in-use.ts';
export {
  answerRequest,
  createRequest,
  exportRequest,
  importRequest,
  requestParts,
  view as requestView,
  type RequestParts,
} from './requests.ts';
export { OwnCertificates } from './own-certificates.ts';
export { giveNotice } from './notices.ts';
