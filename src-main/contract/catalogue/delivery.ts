import { entry, type Entry } from './entry.ts';

/** Keys made by the station, and bundles. */
export const deliveryFailures = {
  KEY_MAKER_REFUSED: entry(
    'REFUSED',
    'officer',
    'other-input',
    'The key would be made in the wrong place',
    'The certificate profile “{profile}” requires that the {wanted} makes the private key. Here the {made} makes it.',
    'Use a work order whose certificate profile allows it ([setting: keyMadeBy]).',
  ),
  BUNDLE_REPLACED: entry(
    'FAILED',
    'officer',
    'never',
    'Replaced by a newer bundle',
    'A newer bundle was made for {device} before this one was proven. The certificate of this one is revoked.',
    'Use the newer bundle.',
  ),
  BUNDLE_NOT_FETCHED: entry(
    'FAILED',
    'officer',
    'other-input',
    'The bundle was not fetched',
    'The link no longer works: {why}. The key in the bundle no longer exists anywhere, and its certificate is revoked.',
    'Make a new bundle. It gets a new key and a new certificate.',
  ),
  LINK_ADDRESS: entry(
    'USAGE',
    'administrator',
    'other-input',
    'The link cannot be served there',
    'Birthmark cannot listen on {host}, port {port}: {problem}. No bundle was made.',
    'Give an address of this computer and a free port.',
  ),
} as const satisfies Record<string, Entry>;
