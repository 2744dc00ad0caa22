import type { Handlers } from '../dispatch/index.ts';
import type { HandlerContext } from './context.ts';
import { ceremonyHandlers } from './ceremony.ts';
import { httpHandlers } from './http.ts';
import { issuersHandlers } from './issuers.ts';
import { accessHandlers } from './access.ts';
import { accessKeysHandlers } from './access-keys.ts';
import { backupsHandlers } from './backups.ts';
import { brokerHandlers } from './broker.ts';
import { deviceProfilesHandlers } from './device-profiles.ts';
import { devicesHandlers } from './devices.ts';
import { deliveryHandlers } from './delivery.ts';
import { crlHandlers } from './crl.ts';
import { folderHandlers } from './folder.ts';
import { lifeHandlers } from './life.ts';
import { loginsHandlers } from './logins.ts';
import { lineHandlers } from './line.ts';
import { profilesHandlers } from './profiles.ts';
import { recordsHandlers } from './records.ts';
import { registryHandlers } from './registry.ts';
import { revocationHandlers } from './revocation.ts';
import { serversHandlers } from './servers.ts';
import { sessionsHandlers } from './sessions.ts';
import { slotsHandlers } from './slots.ts';
import { tokensHandlers } from './tokens.ts';
import { stationHandlers } from './station.ts';

export type { HandlerContext } from './context.ts';

/** The contract's station calls, a file for each area, each call a few lines onto the part that does the work. */
export const createHandlers = (station: HandlerContext): Handlers => ({
  ...stationHandlers(station),
  ...tokensHandlers(station),
  ...ceremonyHandlers(station),
  ...issuersHandlers(station),
  ...sessionsHandlers(station),
  ...lineHandlers(station),
  ...slotsHandlers(station),
  ...profilesHandlers(station),
  ...deviceProfilesHandlers(station),
  ...devicesHandlers(station),
  ...registryHandlers(station),
  ...lifeHandlers(station),
  ...serversHandlers(station),
  ...deliveryHandlers(station),
  ...revocationHandlers(station),
  ...crlHandlers(station),
  ...brokerHandlers(station),
  ...recordsHandlers(station),
  ...accessHandlers(station),
  ...accessKeysHandlers(station),
  ...loginsHandlers(station),
  ...backupsHandlers(station),
  ...httpHandlers(station),
  ...folderHandlers(station),
});
