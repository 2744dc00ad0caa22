import { entry, type Entry } from './entry.ts';

/** Signing session. */
export const sessionFailures = {
  SESSION_NONE: entry(
    'REFUSED',
    'officer',
    'after-pin',
    'No signing session is open',
    'Nothing can be signed until an officer opens a signing session.',
    'Open one: [screen: Security › Open signing session].',
  ),
  SESSION_ENDED: entry(
    'REFUSED',
    'officer',
    'after-pin',
    'The signing session has ended',
    'The signing session ended: {why}.',
    'Open a new one: [screen: Security › Open signing session].',
  ),
  SESSION_QUOTA_USED: entry(
    'REFUSED',
    'officer',
    'after-pin',
    'The signing session is used up',
    'All {quota} certificates that the session allows are signed.',
    'Open a new one: [screen: Security › Open signing session].',
  ),
  SESSION_RATE: entry(
    'REFUSED',
    'officer',
    'later',
    'Too many certificates a minute',
    'The session allows {perMinute} certificates a minute.',
    'Wait a moment.',
  ),
  SESSION_REFUSED: entry(
    'REFUSED',
    'officer',
    'never',
    'Outside the signing session',
    'The signer refused to sign: {rule}.',
    'If it should be allowed, close the session ([screen: Security › Close now]) and open one that allows it.',
  ),
  SIGNER_MEMORY_LOST: entry(
    'REFUSED',
    'officer',
    'other-input',
    'The signer has no record of this CA',
    'The signer’s own record of what the key of {issuer} signed is missing. It signs nothing with this key, because it could sign a serial number or a list twice.',
    'Put the folder “signer” back into the data folder of the station, from its newest copy.',
    'If there is no copy, an officer lets the signer go on with the numbers that the station knows: [command: sessions hold --relearn].',
    '[document: docs/runbooks/revocation-list.md#The signer lost its memory]',
  ),
  SESSION_OPEN: entry(
    'REFUSED',
    'officer',
    'never',
    'A signing session is already open',
    'Only one signing session can be open.',
    'Close the open one first: [screen: Security › Close now].',
  ),
} as const satisfies Record<string, Entry>;
