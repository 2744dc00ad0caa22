import { calls, Failure, parseInput, type Caller, type CallName, type CallOutput, type CallParsed } from '../../contract/index.ts';

export type StationCallName = { [N in CallName]: (typeof calls)[N]['service'] extends 'station' ? N : never }[CallName];

/** One handler per call that the table gives to the station; a missing one does not compile. */
export type Handlers = { readonly [N in StationCallName]: (input: CallParsed<N>) => Promise<CallOutput<N>> | CallOutput<N> };

/** The handlers of some areas, by the word before the dot. */
export type HandlersOf<Area extends string> = Pick<Handlers, Extract<StationCallName, `${Area}.${string}`>>;

/** Is this role allowed to make this call, by the table? */
export const mayCall = (role: Caller, name: CallName): boolean => calls[name].roles.includes(role);

/** Enforces the table: unknown calls, roles and input are refused here, whatever the front end hid or checked. */
export function createDispatcher(handlers: Handlers, role: () => Caller): (name: string, input: unknown) => Promise<unknown> {
  return async (name, input) => {
    if (!isStationCall(name)) throw new Failure('INVALID_INPUT', { field: 'call', problem: `there is no station call "${name}"` });
    if (!mayCall(role(), name)) throw new Failure('NOT_ALLOWED', { role: role(), call: name });
    const parsed = parseInput(calls[name].input, input, name);
    const handler = handlers[name] as (value: unknown) => Promise<unknown>;
    return calls[name].output.parse(await handler(parsed));
  };
}

function isStationCall(name: string): name is StationCallName {
  return Object.hasOwn(calls, name) && calls[name as CallName].service === 'station';
}
