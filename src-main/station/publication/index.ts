export { CrlBuilder } from './crl-builder.ts';
export { Publisher } from './publisher.ts';
