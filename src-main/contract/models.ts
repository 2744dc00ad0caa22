/** What calls and events carry, by subject: zod schemas, and the types that follow from them. */
export * from './models/backups.ts';
export * from './models/broker.ts';
export * from './models/certificates.ts';
export * from './models/devices.ts';
export * from './models/http.ts';
export * from './models/line.ts';
export * from './models/operators.ts';
export * from './models/profiles.ts';
export * from './models/revocation.ts';
export * from './models/signing.ts';
export * from './models/station.ts';
export * from './models/verification.ts';
