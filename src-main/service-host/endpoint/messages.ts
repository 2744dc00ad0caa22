import { z } from 'zod';
import { Face, FailureData } from '../../contract/index.ts';

/** Which parts the running station has; see the station's configuration. */
export const StationParts = z.object({ broker: z.boolean(), line: z.enum(['auto', 'watch', 'off']) }).strict();
export type StationParts = z.infer<typeof StationParts>;

/** The program that runs a station: the app, `birthmark serve`, or a command for as long as it works. */
export const Owner = z.object({ kind: z.enum(['window', 'serve', 'command']), pid: z.int(), parts: StationParts }).strict();
export type Owner = z.infer<typeof Owner>;

/** Face → station. The first message is `hello`. */
export const Request = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), version: z.string().max(40), face: Face }).strict(),
  z
    .object({
      kind: z.literal('call'),
      id: z.int().nonnegative(),
      name: z.string().max(100),
      input: z.unknown(),
      credential: z.string().max(200).nullable(),
    })
    .strict(),
  /** From now on this connection hears of events. */
  z.object({ kind: z.literal('listen') }).strict(),
]);
export type Request = z.infer<typeof Request>;

const Outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: FailureData }),
]);

/** Station → face. The first message is `welcome`. */
export const Answer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('welcome'), version: z.string(), owner: Owner }),
  z.object({ kind: z.literal('result'), id: z.int().nonnegative(), outcome: Outcome }),
  z.object({ kind: z.literal('event'), name: z.string(), payload: z.unknown() }),
]);
export type Answer = z.infer<typeof Answer>;
