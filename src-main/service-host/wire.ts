import type { CallOrigin, Outcome, Service } from '../contract/index.ts';
import type { Ids, Level, LogLine } from '../log/index.ts';

/** Supervisor → service. `start` is the first message and carries the service's configuration. `ids`: what a call belongs to, in the log. */
export type Downward =
  | { readonly kind: 'start'; readonly config: unknown; readonly logLevel: Level }
  /** `origin` is null for a call of the other service. */
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly name: string;
      readonly input: unknown;
      readonly origin: CallOrigin | null;
      readonly ids: Ids;
    }
  /** May this caller answer the PIN request? Asked before the signer's calls of a person; the PIN is not in it. */
  | {
      readonly kind: 'authorize';
      readonly id: number;
      readonly name: string;
      readonly requestId: string;
      readonly origin: CallOrigin;
      readonly ids: Ids;
    }
  | { readonly kind: 'peer-result'; readonly id: number; readonly outcome: Outcome<unknown> }
  | { readonly kind: 'peer-event'; readonly name: string; readonly payload: unknown }
  | { readonly kind: 'stop' };

/** Service → supervisor. `peer-call` is for the other service; the two never share a channel of their own. */
export type Upward =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly outcome: Outcome<unknown> }
  /** `to`: one connection only; without it every face hears of it. */
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown; readonly to?: string }
  | { readonly kind: 'peer-call'; readonly id: number; readonly name: string; readonly input: unknown; readonly ids: Ids }
  | { readonly kind: 'log'; readonly line: LogLine };

/** A running service process, whichever way it was started. `send` to a dead one is lost, never an error. */
export interface ServiceProcess {
  readonly pid: number | undefined;
  send(message: Downward): void;
  onMessage(listener: (message: Upward) => void): void;
  /** Once, with a line for the log. */
  onExit(listener: (how: string) => void): void;
  kill(): void;
}

/** The two implementations: `child-process.ts` (plain Node) and the desktop's utilityProcess. */
export type SpawnService = (service: Service) => ServiceProcess;

/** The service's end of the channel. */
export interface ServicePort {
  /** `sent`: called when the message is on its way, or cannot be. */
  send(message: Upward, sent?: () => void): void;
  onMessage(listener: (message: Downward) => void): void;
  /** The supervisor is gone: nothing must outlive it. */
  onClose(listener: () => void): void;
}
