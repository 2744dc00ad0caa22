import { entry, type Entry } from './entry.ts';

/** Signing session. */
export const sessionFailures = {
  SESSION_NONE: entry(
    'REFUSED',
    'officer',
    'after-pin',
    'No signing session is open',
    'Nothing can be signed until an officer opens a signing session.',
    'Open a signing session in Security.',
  ),
  SESSION_ENDED: entry(
    'REFUSED',
    'officer',
    'after-pin',
    'The signing session has ended',
    'The signing session ended: {why}.',
    'Open a new signing session in Security.',
  ),
  SESSION_QUOTA_USED: entry(
    'REFUSED',
    'officer',
    'after-pin',
    'The signing session is used up',
    'All {quota} certificates of this session were signed.',
    'Open a new signing session in Security.',
  ),
  SESSION_RATE: entry(
    'REFUSED',
    'officer',
    'later',
    'Too many signatures a minute',
    'The session allows {perMinute} certificates a minute.',
    'Wait a moment.',
  ),
  SESSION_REFUSED: entry(
    'REFUSED',
    'officer',
    'never',
    'Outside the signing session',
    'The signer refused: {rule}.',
    'Open a session that allows it, if it should be allowed.',
  ),
  SESSION_OPEN: entry(
    'REFUSED',
    'officer',
    'never',
    'A signing session is already open',
    'Close the open session first.',
    'Close it in Security.',
  ),
} as const satisfies Record<string, Entry>;
