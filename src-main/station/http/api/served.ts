import { calls, eventRoles, type CallName, type CallerRole, type EventName } from '../../../contract/index.ts';

const isForEveryone = (roles: readonly CallerRole[]): boolean => roles.includes('nobody');

/**
 * The calls of the contract that programs may make. Those of the signer are answers of a person to a PIN request, and the PIN never passes
 * through the station; those that nobody has to sign in for set a station up or sign a person in.
 */
export const servedCalls: readonly CallName[] = (Object.keys(calls) as CallName[])
  .filter((name) => calls[name].service === 'station' && name !== 'operators.signOut')
  .filter((name) => name === 'station.status' || !isForEveryone(calls[name].roles));

export const isServed = (name: string): name is CallName => (servedCalls as readonly string[]).includes(name);

/** The events that others than the face that set something off may hear of. */
export const servedEvents: readonly EventName[] = (Object.keys(eventRoles) as EventName[]).filter(
  (name) => !['operator.changed', 'setup.progress', 'pin.wanted'].includes(name),
);
