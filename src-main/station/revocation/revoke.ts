import type { RevocationReason } from '../../contract/index.ts';
import type { CrlScope, Registry, RevokedEntry } from '../registry/index.ts';

/** Why a certificate ends, and on whose word. */
export interface RevocationCause {
  readonly reason: RevocationReason;
  readonly note: string;
  readonly actor: string;
}

/**
 * Ends a certificate in the transaction of what ended it. The event and the publication follow by themselves once that is durable.
 * False for one that is revoked already. Whether a person may still revoke what has expired is the caller's question.
 */
export const revokeCertificate = ({ certificates }: Registry, serial: string, { reason, note, actor }: RevocationCause): boolean =>
  certificates.revoke(serial, reason, note, actor);

/** A signed list of this station's that says more than the registry knows. */
export interface AdoptedList {
  readonly number: number;
  /** The end of its issuer: no certificate of it is good for longer. */
  readonly notAfter: string;
  readonly note: string;
  readonly actor: string;
}

/** Takes over a revocation that only such a list tells of, in the transaction of the whole list. It is told and published like any other. */
export const adoptRevocation = ({ revocations }: Registry, scope: CrlScope, entry: RevokedEntry, list: AdoptedList): void =>
  revocations.adopt(scope, entry, list);
