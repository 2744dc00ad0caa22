import type { CallInput, CallName, CallOutput, EventName, EventPayload } from '../../../src-main/contract/calls.ts';
import { type Outcome, toFailureData } from '../../../src-main/contract/errors.ts';

type Handlers = { [N in CallName]?: (input: CallInput<N>) => CallOutput<N> | Promise<CallOutput<N>> };

/** A `window.birthmark` whose answers are given one by one; a call without an answer fails with its name. */
export class MockStation {
  private readonly listeners = new Map<EventName, Set<(payload: never) => void>>();
  private readonly handlers: Handlers = {};
  readonly called: { name: CallName; input: unknown }[] = [];

  answer<N extends CallName>(name: N, handler: Handlers[N]): this {
    this.handlers[name] = handler;
    return this;
  }

  emit<N extends EventName>(event: N, payload: EventPayload<N>): void {
    for (const listener of this.listeners.get(event) ?? []) (listener as (payload: EventPayload<N>) => void)(payload);
  }

  readonly call = async <N extends CallName>(name: N, input: CallInput<N>): Promise<Outcome<CallOutput<N>>> => {
    this.called.push({ name, input });
    const handler = this.handlers[name] as ((input: CallInput<N>) => CallOutput<N> | Promise<CallOutput<N>>) | undefined;
    try {
      if (handler === undefined) throw new Error(`the mock has no answer to ${name}`);
      return { ok: true, value: structuredClone(await handler(input)) };
    } catch (error) {
      return { ok: false, error: toFailureData(error) };
    }
  };

  readonly on = <N extends EventName>(event: N, listener: (payload: EventPayload<N>) => void): (() => void) => {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(listener));
    return () => all.delete(listener);
  };
}
