/** The door of the endpoint: how every face finds the station of a data folder. */
export { endpointOf } from './address.ts';
export type { Owner, StationParts } from './messages.ts';
export { openStation, type RunningStation, type RunningStationOptions } from './running-station.ts';
