import { Failure } from '../../../contract/index.ts';
import { itemInWords } from '../install-items.ts';

/** What an SMP answer says when it is no success: `{err: {group, rc}}` (v2), or `{rc}` other than 0 (v1, without a group of its own). */
export interface Refusal {
  readonly group: number;
  readonly rc: number;
}

export const OS_GROUP = 0;
export const FILE_GROUP = 8;
export const SHELL_GROUP = 9;
export const ENUMERATION_GROUP = 10;
export const PROVISION_GROUP = 64;
/** MGMT_ERR_ENOTSUP: unknown group or command. */
const NOT_SUPPORTED = 8;
/** MGMT_ERR_EBUSY: another command is under way, or the file is in use. */
const BUSY = 10;

export const provisionErrors = {
  UNKNOWN: 1,
  INVALID: 2,
  LOCKED: 3,
  NO_KEY: 4,
  OCCUPIED: 5,
  STORAGE_FULL: 6,
  HASH_MISMATCH: 7,
  BUSY: 8,
  CONTENT_REJECTED: 9,
  NOT_FOUND: 10,
  TOO_LARGE: 11,
  UNSUPPORTED: 12,
  OTHER_UNIT: 13,
} as const;

export const isBusy = ({ group, rc }: Refusal): boolean =>
  (group === PROVISION_GROUP && rc === provisionErrors.BUSY) || (group === OS_GROUP && rc === BUSY);

export const isNotSupported = ({ group, rc }: Refusal): boolean => group === OS_GROUP && rc === NOT_SUPPORTED;

/** What is no number is no code of ours. */
const code = (value: unknown): number => (typeof value === 'number' ? value : NaN);

export function refusalOf(body: Readonly<Record<string, unknown>>): Refusal | null {
  const error = body['err'];
  if (error instanceof Map) return { group: code(error.get('group')), rc: code(error.get('rc')) };
  const rc = body['rc'];
  return typeof rc === 'number' && rc !== 0 ? { group: OS_GROUP, rc } : null;
}

/** A refusal of the provision group as our failure. `subject`: the item, the storage slot or the unit that the command was about. */
export function refusalFailure(
  command: string,
  refusal: Refusal,
  subject: { readonly item?: string; readonly slot?: number; readonly hwid?: string },
): Failure {
  const item = itemInWords(subject.item ?? command);
  if (isBusy(refusal)) return new Failure('DEVICE_BUSY');
  if (refusal.group === PROVISION_GROUP) {
    switch (refusal.rc) {
      case provisionErrors.LOCKED:
        return new Failure('LOCKED');
      case provisionErrors.OCCUPIED:
        return new Failure('SLOT_OCCUPIED', { slot: subject.slot ?? 'the unit did not name it' });
      case provisionErrors.STORAGE_FULL:
      case provisionErrors.TOO_LARGE:
        return new Failure('STORAGE_FULL', { item });
      case provisionErrors.HASH_MISMATCH:
        return new Failure('VERIFY_MISMATCH', { item }, 'the unit’s own hash of what it received is another one');
      case provisionErrors.CONTENT_REJECTED:
        return new Failure('CONTENT_REJECTED', { item });
      case provisionErrors.OTHER_UNIT:
        return new Failure('DEVICE_SWAPPED', { expected: subject.hwid ?? 'the unit of this run', actual: 'another unit' });
      case provisionErrors.UNSUPPORTED:
        if (['digest', 'prove', 'selftest'].includes(command)) return new Failure('UNVERIFIABLE', { item });
    }
  }
  return new Failure('DEVICE_REFUSED', { command, error: `error ${String(refusal.group)}/${String(refusal.rc)}` });
}
