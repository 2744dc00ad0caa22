import { z } from 'zod';
import {
  calls,
  events,
  Failure,
  firstProblem,
  toFailureData,
  type CallName,
  type Client,
  type EventName,
  type Outcome,
} from '../contract/index.ts';

const Request = z.object({ id: z.int(), name: z.string(), input: z.unknown() }).strict();

export interface BridgeAnswer {
  readonly kind: 'answer';
  readonly id: number;
  readonly outcome: Outcome<unknown>;
}
export interface BridgeEvent {
  readonly kind: 'event';
  readonly name: EventName;
  readonly payload: unknown;
}

export interface BridgeOptions {
  /** Carries a checked call to its service. */
  readonly call: Client;
  /** Hears of everything that should not have come this way. */
  readonly onRefused: (what: string) => void;
}

/** The checks between the page and the services: nothing passes, in either direction, that the contract does not describe. */
export class Bridge {
  readonly #options: BridgeOptions;

  constructor(options: BridgeOptions) {
    this.#options = options;
  }

  /** Null: not even a request, so there is nobody to answer. */
  async answer(message: unknown): Promise<BridgeAnswer | null> {
    const request = Request.safeParse(message);
    if (!request.success) {
      this.#options.onRefused('a message that is no request');
      return null;
    }
    const { id, name, input } = request.data;
    try {
      return { kind: 'answer', id, outcome: { ok: true, value: await this.#pass(name, input) } };
    } catch (thrown) {
      return { kind: 'answer', id, outcome: { ok: false, error: toFailureData(thrown) } };
    }
  }

  /** Null: not an event for the page. */
  event(name: string, payload: unknown): BridgeEvent | null {
    if (!isEventName(name)) {
      this.#options.onRefused(`event ${name}: not in the contract`);
      return null;
    }
    const checked = events[name].safeParse(payload);
    if (checked.success) return { kind: 'event', name, payload: checked.data };
    this.#options.onRefused(`event ${name}: ${firstProblem(checked.error, 'the payload').problem}`);
    return null;
  }

  async #pass(name: string, input: unknown): Promise<unknown> {
    if (!isCallName(name)) {
      this.#options.onRefused(`call ${name}: not in the contract`);
      throw new Failure('INVALID_INPUT', { field: 'call', problem: `there is no call "${name}"` });
    }
    const checked = calls[name].input.safeParse(input);
    if (!checked.success) throw new Failure('INVALID_INPUT', firstProblem(checked.error, name));
    const value = await this.#options.call(name, checked.data);
    const result = calls[name].output.safeParse(value);
    if (result.success) return result.data;
    this.#options.onRefused(`result of ${name}: ${firstProblem(result.error, 'the whole').field}`);
    throw new Error(`${name} answered with something the contract does not describe`);
  }
}

const isCallName = (name: string): name is CallName => Object.hasOwn(calls, name);
const isEventName = (name: string): name is EventName => Object.hasOwn(events, name);
