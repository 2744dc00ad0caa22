export { revokeMany, selectMany, type Selection } from './bulk-revocation.ts';
