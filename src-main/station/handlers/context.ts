import type { Caller, StationStatus } from '../../contract/index.ts';
import type { CeremonyDesk } from '../ceremony-desk.ts';
import type { Faces, PinRequests } from '../dispatch/index.ts';
import type { Environment } from '../environment.ts';
import type { LiveStation } from '../live-station.ts';
import type { SetUp } from '../set-up.ts';

/** What the handlers have of the station. */
export interface HandlerContext extends Environment {
  readonly ceremonies: CeremonyDesk;
  readonly setUp: SetUp;
  readonly pinRequests: PinRequests;
  readonly faces: Faces;
  readonly isSetUp: boolean;
  /** NOT_SET_UP on first run. */
  live(): LiveStation;
  statusFor(caller: Caller): StationStatus;
}
