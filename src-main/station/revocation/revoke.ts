import type { RevocationReason } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';

/** Why a certificate ends, and on whose word. */
export interface RevocationCause {
  readonly reason: RevocationReason;
  readonly note: string;
  readonly actor: string;
  /** Of one that something else takes the place of: a clock that was ahead may be set back, and it must not be in force beside that. */
  readonly evenIfExpired?: true;
}

/**
 * Ends a certificate in the transaction of what ended it. The event and the publication follow by themselves once that is durable.
 * False for one that is revoked already, or has expired (see `evenIfExpired`): it is left as it is.
 */
export const revokeCertificate = ({ certificates }: Registry, serial: string, cause: RevocationCause): boolean =>
  certificates.revoke(serial, cause.reason, cause.note, cause.actor, cause.evenIfExpired === true);
