import type { FuzzTarget } from '../target.ts';
import { atResponse } from './at-response.ts';
import { attestation } from './attestation.ts';
import { ceremonyFile } from './ceremony-file.ts';
import { certificate } from './certificate.ts';
import { consoleEngine } from './console-engine.ts';
import { crl } from './crl.ts';
import { csr } from './csr.ts';
import { customerChain } from './customer-chain.ts';
import { deviceProfile } from './device-profile.ts';
import { espResponses } from './esp-responses.ts';
import { espSlip } from './esp-slip.ts';
import { micropythonRaw } from './micropython-raw.ts';
import { pem } from './pem.ts';
import { pkcs12File } from './pkcs12.ts';
import { certificateProfile } from './profile.ts';
import { requestFile } from './request-file.ts';
import { revocationList } from './revocation-list.ts';
import { signerMessages } from './signer-calls.ts';
import { smpFiles } from './smp-files.ts';
import { smpFrame } from './smp-frame.ts';
import { stationMessages } from './station-calls.ts';
import { tbsCertificate } from './tbs-certificate.ts';
import { tbsCrl } from './tbs-crl.ts';

export const fuzzTargets: readonly FuzzTarget[] = [
  csr,
  pem,
  certificate,
  crl,
  certificateProfile,
  deviceProfile,
  ceremonyFile,
  attestation,
  customerChain,
  pkcs12File,
  requestFile,
  revocationList,
  tbsCertificate,
  tbsCrl,
  signerMessages,
  stationMessages,
  consoleEngine,
  atResponse,
  smpFrame,
  smpFiles,
  espSlip,
  espResponses,
  micropythonRaw,
];
