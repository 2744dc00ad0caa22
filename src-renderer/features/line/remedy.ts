import { catalogue, type ErrorCode } from '../../../src-main/contract/catalogue/index.ts';

/** Where a condition is dealt with. */
export type Place = 'session' | 'security' | 'broker' | 'order';

const sessionCodes: readonly ErrorCode[] = ['SESSION_NONE', 'SESSION_ENDED', 'SESSION_QUOTA_USED', 'TOKEN_HUNG'];
const securityCodes: readonly ErrorCode[] = [
  'CRL_REJECTED',
  'BROKER_CRL_EXPIRED',
  'ISSUER_TOO_SHORT',
  'CANARY_ADMITTED',
  'CANARY_REFUSED',
  'SESSION_OPEN',
];

/** The place that deals with a code; null where the steps in the text are all there is. */
export function placeFor(code: ErrorCode): Place | null {
  if (code === 'NO_ORDER' || code === 'ORDER_COMPLETE') return 'order';
  if (sessionCodes.includes(code)) return 'session';
  if (securityCodes.includes(code)) return 'security';
  if (catalogue[code].exit === 'BROKER') return 'broker';
  return catalogue[code].exit === 'TOKEN' ? 'security' : null;
}
