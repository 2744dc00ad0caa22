import { z } from 'zod';

/** What a supervisor tells the station when it starts it. */
export const StationConfig = z
  .object({
    dataDir: z.string().min(1),
    resourcesDir: z.string().min(1),
    /** The device agent's host build, for simulated units. */
    agentPath: z.string().min(1),
    broker: z.boolean(),
    /** auto: units start by themselves. watch: slots are watched only. off: no slots. */
    line: z.enum(['auto', 'watch', 'off']),
  })
  .strict();
export type StationConfig = z.infer<typeof StationConfig>;
