/** DER and the X.509 structures that both sides of a signature read: the CA that builds them and the signer that checks them. */
export * from './algorithm-names.ts';
export * from './certificate.ts';
export * from './distribution-point.ts';
export * from './hosts.ts';
export * from './keys.ts';
export * from './name.ts';
export * from './oids.ts';
export * from './pem.ts';
export * from './reader.ts';
export * from './signature-scheme.ts';
export * from './strict.ts';
export * from './tags.ts';
export * from './time.ts';
export * from './values.ts';
export * as der from './writer.ts';
