import {
  calls,
  Failure,
  parseInput,
  type Caller,
  type CallerRole,
  type CallName,
  type CallOutput,
  type CallParsed,
} from '../../contract/index.ts';

export type StationCallName = { [N in CallName]: (typeof calls)[N]['service'] extends 'station' ? N : never }[CallName];

/** One handler per call that the table gives to the station; a missing one does not compile. */
export type Handlers = {
  readonly [N in StationCallName]: (input: CallParsed<N>, caller: Caller) => Promise<CallOutput<N>> | CallOutput<N>;
};

/** The handlers of some areas, by the word before the dot. */
export type HandlersOf<Area extends string> = Pick<Handlers, Extract<StationCallName, `${Area}.${string}`>>;

/** Is this role allowed to make this call, by the table? */
export const mayCall = (role: CallerRole, name: CallName): boolean => calls[name].roles.includes(role);

/** Hears of calls that a role may not make, for the audit log. */
export type OnRefused = (caller: Caller, name: string) => void;

/** NOT_ALLOWED, and the refusal told, when this caller may not make this call. */
export function mustBeAllowed(caller: Caller, name: CallName, onRefused: OnRefused): void {
  if (mayCall(caller.role, name)) return;
  onRefused(caller, name);
  throw caller.role === 'nobody'
    ? new Failure('SIGN_IN_FIRST', { call: name })
    : new Failure('NOT_ALLOWED', { role: caller.role, call: name });
}

export type Dispatch = (name: string, input: unknown, caller: Caller) => Promise<unknown>;

/** Enforces the table: unknown calls, roles and input are refused here, whatever the face hid or checked. */
export function createDispatcher(handlers: Handlers, onRefused: OnRefused): Dispatch {
  return async (name, input, caller) => {
    if (!isStationCall(name)) throw new Failure('INVALID_INPUT', { field: 'call', problem: `there is no station call "${name}"` });
    mustBeAllowed(caller, name, onRefused);
    const parsed = parseInput(calls[name].input, input, name);
    const handler = handlers[name] as (value: unknown, caller: Caller) => Promise<unknown>;
    return calls[name].output.parse(await handler(parsed, caller));
  };
}

const isStationCall = (name: string): name is StationCallName => isCall(name) && calls[name].service === 'station';

/** Is there such a call in the table, of whichever service? */
export const isCall = (name: string): name is CallName => Object.hasOwn(calls, name);
