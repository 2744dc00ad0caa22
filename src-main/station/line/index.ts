export { Line, type LineOptions, type ProofResult } from './line.ts';
export { endOverdueProofs, recoverRuns } from './recovery.ts';
export type { CheckedRequest, IssuedCertificate, LineServices, Observation } from './services.ts';
