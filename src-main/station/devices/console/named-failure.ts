import { Failure } from '../../../contract/index.ts';
import type { ProfileFailure } from './steps.ts';

export interface NamedByProfile {
  readonly path: string;
  /** What the station had sent. */
  readonly command: string;
  /** What the profile says that it is about; null where it names nothing. */
  readonly item: string | null;
  /** What the unit answered, or what the profile says of it. */
  readonly says: string;
}

/** The failure that a device profile names, filled with what is known where it does. */
export function profileFailure(code: ProfileFailure, { path, command, item, says }: NamedByProfile): Failure {
  switch (code) {
    case 'DEVICE_REFUSED':
      return new Failure(code, { command, error: says }, says);
    case 'SLOT_OCCUPIED':
      return new Failure(code, { slot: item ?? 'the profile does not name it' }, says);
    case 'NO_RESPONSE':
    case 'WRONG_PROTOCOL':
      return new Failure(code, { path }, says);
    case 'DEVICE_BUSY':
    case 'LOCKED':
      return new Failure(code, {}, says);
    default:
      return new Failure(code, { item: item ?? command }, says);
  }
}
