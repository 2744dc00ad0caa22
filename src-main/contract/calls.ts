import { z } from 'zod';
import { accessCalls } from './calls/access.ts';
import { accessKeysCalls } from './calls/access-keys.ts';
import { backupsCalls } from './calls/backups.ts';
import { brokerCalls } from './calls/broker.ts';
import { deviceProfilesCalls } from './calls/device-profiles.ts';
import { devicesCalls } from './calls/devices.ts';
import { deliveryCalls } from './calls/delivery.ts';
import { ceremonyCalls } from './calls/ceremony.ts';
import { httpCalls } from './calls/http.ts';
import { folderCalls } from './calls/folder.ts';
import { issuersCalls } from './calls/issuers.ts';
import { crlCalls } from './calls/crl.ts';
import { lifeCalls } from './calls/life.ts';
import { loginsCalls } from './calls/logins.ts';
import { lineCalls } from './calls/line.ts';
import { profilesCalls } from './calls/profiles.ts';
import { recordsCalls } from './calls/records.ts';
import { registryCalls } from './calls/registry.ts';
import { requestsCalls } from './calls/requests.ts';
import { revocationCalls } from './calls/revocation.ts';
import { PinRequest, sessionsCalls } from './calls/sessions.ts';
import { serversCalls } from './calls/servers.ts';
import { slotsCalls } from './calls/slots.ts';
import { tokensCalls } from './calls/tokens.ts';
import { stationCalls } from './calls/station.ts';
import { everyone } from './calls/spec.ts';
import type { CallerRole } from './caller.ts';
import { BundleView, Operator, OrderProgress, RevocationView, SigningSession, SlotView, StationStatus } from './models.ts';

export { placeholderCrlBase } from './calls/station.ts';
export { BulkSelector, Selector } from './calls/revocation.ts';
export type { CrlAdoption } from './calls/crl.ts';
export { PinRequest, PinTerms } from './calls/sessions.ts';
export type { Service } from './calls/spec.ts';

/**
 * The one table of what may cross a process boundary, a file for each area. The preload client, the bridge's checks, the
 * dispatcher (which enforces the roles), the CLI's help and the permission matrix are derived from it.
 */
export const calls = {
  ...stationCalls,
  ...tokensCalls,
  ...ceremonyCalls,
  ...issuersCalls,
  ...sessionsCalls,
  ...lineCalls,
  ...slotsCalls,
  ...profilesCalls,
  ...deviceProfilesCalls,
  ...devicesCalls,
  ...registryCalls,
  ...lifeCalls,
  ...serversCalls,
  ...deliveryCalls,
  ...revocationCalls,
  ...requestsCalls,
  ...crlCalls,
  ...brokerCalls,
  ...recordsCalls,
  ...accessCalls,
  ...accessKeysCalls,
  ...loginsCalls,
  ...backupsCalls,
  ...httpCalls,
  ...folderCalls,
} as const;

export type CallName = keyof typeof calls;
/** What a caller passes (defaults may be left out) and what it gets back. */
export type CallInput<N extends CallName> = z.input<(typeof calls)[N]['input']>;
export type CallParsed<N extends CallName> = z.output<(typeof calls)[N]['input']>;
export type CallOutput<N extends CallName> = z.output<(typeof calls)[N]['output']>;

/** One method per call; used by the preload client, the CLI and the tests alike. */
export type Client = <N extends CallName>(name: N, input: CallInput<N>) => Promise<CallOutput<N>>;

export const events = {
  /** Who is signed in is not in it. */
  'status.changed': StationStatus.omit({ operator: true }),
  /** To the face that signed in or out. */
  'operator.changed': Operator.nullable(),
  'slot.changed': SlotView,
  'order.changed': OrderProgress,
  'session.changed': SigningSession.nullable(),
  'revocation.changed': RevocationView,
  'bundle.changed': BundleView,
  'setup.progress': z.object({ step: z.string(), done: z.int(), total: z.int() }),
  /** To the face that sets the station up: it needs a PIN, and is answered with pin.enter. */
  'pin.wanted': PinRequest,
  'service.changed': z.object({ service: z.enum(['station', 'signer']), state: z.enum(['up', 'restarting']) }),
} as const;
export type EventName = keyof typeof events;

/** Who hears of an event: whoever may make the call that answers the same. The station sends it to nobody else. */
export const eventRoles: { readonly [N in EventName]: readonly CallerRole[] } = {
  'status.changed': calls['station.status'].roles,
  'operator.changed': everyone,
  'slot.changed': calls['line.slots'].roles,
  'order.changed': calls['orders.list'].roles,
  'session.changed': calls['sessions.current'].roles,
  'revocation.changed': calls['revocations.list'].roles,
  'bundle.changed': calls['bundles.list'].roles,
  // Before there are operators nobody could sign in.
  'setup.progress': everyone,
  'pin.wanted': everyone,
  'service.changed': everyone,
};
export type EventPayload<N extends EventName> = z.output<(typeof events)[N]>;
