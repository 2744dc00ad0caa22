import type { Caller, CallName, EventName, EventPayload } from '../contract/index.ts';
import type { Clock } from './clock.ts';
import type { StationConfig } from './config.ts';
import type { SignerLink } from './signer-link.ts';

/** What a station has whether it was set up or not. */
export interface Environment {
  readonly config: StationConfig;
  readonly clock: Clock;
  readonly signer: SignerLink;
  /** To every face, or to one connection. */
  emit<N extends EventName>(name: N, payload: EventPayload<N>, to?: string): void;
  /** Status events are batched: one for all that changes within a tenth of a second. */
  statusSoon(): void;
  /** A call of somebody who is known already, through the same dispatcher as every other. */
  serve(name: CallName, input: unknown, caller: Caller): Promise<unknown>;
  /** Hears of each event that goes to every face. */
  onEvent(listener: (name: EventName, payload: unknown) => void): void;
}
