/** The door of a certificate's life after it was issued: rotation, notices, and the station's own certificates. */
export { endGraceNow, endGracePeriods, recoverUnfinished, rotate } from './rotation.ts';
export { hearInUse, inUseFilter, inUseText } from './in-use.ts';
export { OwnCertificates } from './own-certificates.ts';
export { giveNotice } from './notices.ts';
