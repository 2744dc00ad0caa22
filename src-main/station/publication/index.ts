export { CrlBuilder, type CrlBuild } from './crl-builder.ts';
export { Publisher } from './publisher.ts';
