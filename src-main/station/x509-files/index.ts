/** Files that other people's programs wrote, and the names in their certificates: PEM, PKCS#7, PKCS#12, and one way to show and compare names. */
export { certificatesIn } from './certificates.ts';
export { badFile } from './encrypted.ts';
export { keyFileAsPem, readKey } from './keys.ts';
export { describeName, isNamedBy, namesOf, sameName, startsWithName } from './names.ts';
export { dersOf, isDer, pemBlocks, pemContent, X509FileError, type PemBlock } from './pem.ts';
export { readPkcs12, type Pkcs12 } from './pkcs12.ts';
