import type { FuzzTarget } from '../target.ts';
import { certificate } from './certificate.ts';
import { crl } from './crl.ts';
import { csr } from './csr.ts';
import { pem } from './pem.ts';
import { certificateProfile } from './profile.ts';
import { revocationList } from './revocation-list.ts';
import { signerMessages } from './signer-calls.ts';
import { stationMessages } from './station-calls.ts';
import { tbsCertificate } from './tbs-certificate.ts';
import { tbsCrl } from './tbs-crl.ts';

export const fuzzTargets: readonly FuzzTarget[] = [
  csr,
  pem,
  certificate,
  crl,
  certificateProfile,
  revocationList,
  tbsCertificate,
  tbsCrl,
  signerMessages,
  stationMessages,
];
