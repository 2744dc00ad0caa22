export { CrlBuilder } from './crl-builder.ts';
export { CrlSet } from './crl-set.ts';
export { Publisher } from './publisher.ts';
