import { entry, type Entry } from './entry.ts';

/** Keys made by the station, and bundles. */
export const deliveryFailures = {
  KEY_MAKER_REFUSED: entry(
    'REFUSED',
    'officer',
    'other-input',
    'This key is made in the wrong place',
    'The certificate profile “{profile}” wants the private key made by the {wanted}; this one is made by the {made}.',
    'Use a work order whose certificate profile allows it (keyMadeBy).',
  ),
  BUNDLE_REPLACED: entry(
    'FAILED',
    'officer',
    'never',
    'Replaced by a newer bundle',
    'A newer bundle was made for {device} before this one was proven; its certificate is revoked.',
    'Use the newer bundle.',
  ),
  BUNDLE_NOT_FETCHED: entry(
    'FAILED',
    'officer',
    'other-input',
    'The bundle was not fetched',
    'The link is dead: {why}. The key in the bundle exists nowhere any more, and its certificate is revoked.',
    'Make a new bundle: it has a new key and a new certificate.',
  ),
  LINK_ADDRESS: entry(
    'USAGE',
    'administrator',
    'other-input',
    'The link cannot be served there',
    'Nothing can listen on {host}, port {port}: {problem}. Nothing was made.',
    'Give an address of this computer and a free port.',
  ),
} as const satisfies Record<string, Entry>;
