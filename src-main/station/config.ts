import { z } from 'zod';
import { Role, Uuid } from '../contract/index.ts';

/** What a supervisor tells the station when it starts it. */
export const StationConfig = z
  .object({
    dataDir: z.string().min(1),
    resourcesDir: z.string().min(1),
    /** The device agent's host build, for simulated units. */
    agentPath: z.string().min(1),
    /** One value per front end: the operator who signed in is still signed in after the station service was restarted. */
    instance: Uuid,
    /** Who calls, where the front end itself is trusted (the command line); null: an operator signs in. */
    caller: z.object({ name: z.string(), role: Role }).strict().nullable(),
    broker: z.boolean(),
    /** auto: units start by themselves. watch: slots are watched only. off: no slots. */
    line: z.enum(['auto', 'watch', 'off']),
  })
  .strict();
export type StationConfig = z.infer<typeof StationConfig>;
