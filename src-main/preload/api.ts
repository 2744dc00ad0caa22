import type { CallInput, CallName, CallOutput, EventName, EventPayload, Outcome } from '../contract/index.ts';

/** `window.birthmark`: the page's only way out. A call never throws; an expected failure is an outcome. */
export interface BirthmarkApi {
  readonly call: <N extends CallName>(name: N, input: CallInput<N>) => Promise<Outcome<CallOutput<N>>>;
  /** Hears an event until the returned function is called. */
  readonly on: <N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void) => () => void;
}

/** Page → main process, over the page's own MessagePort. */
export interface BridgeRequest {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

/** Main process → page: the answer to a request, or an event. */
export type BridgeMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: Outcome<unknown> }
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown };

/** The one Electron channel there is: it hands over the page's MessagePort. */
export const portChannel = 'birthmark:port';
