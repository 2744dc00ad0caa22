/** The door of revocation: whoever ends a certificate does it through here. */
export { revokeMany, selectMany, type Selection } from './bulk.ts';
export { Revocation } from './owner.ts';
export { exportRequest, importRequest, requestParts, type RequestParts } from './requests.ts';
export { adoptRevocation, revokeCertificate, type RevocationCause } from './revoke.ts';
