/** The door of the CA: profiles, requests, certificates, CRLs and the steps of a ceremony. Pure; signing is the signer's. */
export { authorityDays, authorityProfiles } from './authority.ts';
export { checkAttestation, readTrustAnchors, type AttestationStatement } from './attestation/index.ts';
export { attestationFromFile } from './attestation/file.ts';
export { certificateFromFile, certificateToPem, readCertificate, toPem, type CertificateFacts } from './certificate.ts';
export { buildIssuerTbs, buildRootTbs, type AuthorityRequest } from './ca-tbs.ts';
export { describeCrl, readCrlEntries, type CrlDescription } from './crl-describe.ts';
export type { CrlEntry, CrlHead } from './crl-encode.ts';
export { bytesSource, CrlFile, EntryCursor, withCrlFile, type CrlSource } from './crl-file.ts';
export { crlToPem, missingFrom, readCrl, type Crl } from './crl-reader.ts';
export { lostEntries, type Lost } from './crl-succession.ts';
export { crlSigner, knownSignature, writeCrl, type CrlRequest, type CrlSigner, type WrittenCrl } from './crl-writer.ts';
export { checkCsr, checkCsrSoon, type CheckedCsr, type CsrPolicy } from './csr.ts';
export { requestFromFile } from './pem.ts';
export { buildRequestInfo, requestToPem } from './request.ts';
export { certificatesFromFiles } from './certificate-files.ts';
export { checkChain, type CheckedChain } from './chain-check.ts';
export type { OurName } from './name-constraints.ts';
export { checkRootCrl } from './root-crl.ts';
export { readIssuer, type Issuer } from './issuer.ts';
export { lintJson } from './json-lint.ts';
export { besideFile, loadCertificateProfile, parseCertificateProfile } from './profile-file.ts';
export { lintCertificateProfile } from './profile-lint.ts';
export { CertificateProfile, commonNameFor, signingProfile } from './profile.ts';
export { serverHosts, type ServerNames } from './server-names.ts';
export { selfSignedServer } from './self-signed.ts';
export { newSerial } from './serial.ts';
export { makeStationKey, newStationKey, type NewKey, type StationKey } from './station-key.ts';
export {
  assembleCertificate,
  buildDeviceTbs,
  buildServerTbs,
  buildServiceTbs,
  crlUri,
  distributionPoint,
  partitionOf,
  type Draft,
  type LeafRequest,
} from './tbs.ts';
