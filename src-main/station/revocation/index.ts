/** The door of revocation: what is to be revoked, and the requests of other issuers. */
export { revokeMany, selectMany, type Selection } from './bulk.ts';
export {
  answerRequest,
  createRequest,
  exportRequest,
  importRequest,
  requestParts,
  view as requestView,
  type RequestParts,
} from './requests.ts';
