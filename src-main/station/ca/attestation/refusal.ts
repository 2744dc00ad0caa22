import { Failure, type AttestationRecord } from '../../../contract/index.ts';

/** What a statement proves. */
export type Proof = Omit<AttestationRecord, 'checkedAt'>;

/** Which check an attestation did not pass: the name that the record, the command line and the tests use. */
export type AttestationCheck =
  | 'size'
  | 'form'
  | 'algorithm'
  | 'message type'
  | 'digest'
  | 'signature'
  | 'key'
  | 'chain'
  | 'validity'
  | 'CA'
  | 'path length'
  | 'key usage'
  | 'critical extension'
  | 'name constraints';

export const refuse = (check: AttestationCheck, problem: string): Failure => new Failure('ATTESTATION_REFUSED', { check, problem });
