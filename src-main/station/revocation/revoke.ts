import type { RevocationReason } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';

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
