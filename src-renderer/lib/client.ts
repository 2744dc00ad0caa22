import type { CallInput, CallName, CallOutput, EventName, EventPayload } from '../../src-main/contract/calls.ts';
import { Failure, type Outcome } from '../../src-main/contract/errors.ts';

/** What the preload puts into the page; the only way out of it. */
export interface Bridge {
  readonly call: <N extends CallName>(name: N, input: CallInput<N>) => Promise<Outcome<CallOutput<N>>>;
  readonly on: <N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void) => () => void;
}

const bridge = (): Bridge => {
  const { birthmark } = globalThis as { birthmark?: Bridge };
  if (birthmark === undefined) throw new Error('the preload did not expose the station');
  return birthmark;
};

/** Calls the station or the signer. Throws `Failure` with the code of the catalogue when the call was refused or failed. */
export async function call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
  const outcome = await bridge().call(name, input);
  if (!outcome.ok) throw Failure.fromData(outcome.error);
  return outcome.value;
}

/** Listens to an event; the returned function ends it. */
export function on<N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void): () => void {
  return bridge().on(event, listener);
}
