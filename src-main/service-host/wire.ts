import { z } from 'zod';
import { CallOrigin, FailureData, toFailureData, type Service } from '../contract/index.ts';
import { components, idNames, levels } from '../log/index.ts';

/** An outcome that is none is a bug of whoever sent it; whoever waits for it is told. */
const Outcome = z
  .discriminatedUnion('ok', [z.object({ ok: z.literal(true), value: z.unknown() }), z.object({ ok: z.literal(false), error: FailureData })])
  .catch(() => ({ ok: false as const, error: toFailureData(new Error('a service answered with what is no outcome')) }));
const id = z.int();
/** What a call belongs to, in the log. */
const ids = z.partialRecord(z.enum(idNames), z.string()).readonly();
const line = z
  .object({
    level: z.enum(levels),
    component: z.enum(components),
    message: z.string(),
    time: z.string(),
    ids,
    facts: z.record(z.string(), z.unknown()).readonly(),
  })
  .readonly();

/** Supervisor → service. `start` is the first message and carries the service's configuration. */
export const Downward = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), config: z.unknown(), logLevel: z.enum(levels) }),
  /** `origin` is null for a call of the other service. */
  z.object({ kind: z.literal('call'), id, name: z.string(), input: z.unknown(), origin: CallOrigin.nullable(), ids }),
  /** May this caller answer the PIN request? Asked before the signer's calls of a person; the PIN is not in it. */
  z.object({ kind: z.literal('authorize'), id, name: z.string(), requestId: z.string(), origin: CallOrigin, ids }),
  z.object({ kind: z.literal('peer-result'), id, outcome: Outcome }),
  z.object({ kind: z.literal('peer-event'), name: z.string(), payload: z.unknown() }),
  /** A face spoke on this connection before this service was started again. */
  z.object({ kind: z.literal('face'), origin: CallOrigin }),
  z.object({ kind: z.literal('face-left'), connection: z.string() }),
  z.object({ kind: z.literal('stop') }),
]);
export type Downward = z.infer<typeof Downward>;

/** Service → supervisor. `peer-call` is for the other service; the two never share a channel of their own. */
export const Upward = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('result'), id, outcome: Outcome }),
  /** `to`: the connections that hear of it; without it every face does. */
  z.object({ kind: z.literal('event'), name: z.string(), payload: z.unknown(), to: z.array(z.string()).readonly().optional() }),
  z.object({ kind: z.literal('peer-call'), id, name: z.string(), input: z.unknown(), ids }),
  z.object({ kind: z.literal('log'), line }),
]);
export type Upward = z.infer<typeof Upward>;

/** What comes over a channel may be anything: the process at its other end may have been taken over. Null for what is no message. */
export function parsed<S extends z.ZodType>(schema: S, message: unknown): z.output<S> | null {
  return schema.safeParse(message).data ?? null;
}

/** A running service process, whichever way it was started. `send` to a dead one is lost, never an error. */
export interface ServiceProcess {
  readonly pid: number | undefined;
  send(message: Downward): void;
  onMessage(listener: (message: unknown) => void): void;
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
  onMessage(listener: (message: unknown) => void): void;
  /** The supervisor is gone: nothing must outlive it. */
  onClose(listener: () => void): void;
}
