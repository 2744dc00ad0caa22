import { z } from 'zod';
import { ProofLevel } from '../../contract/index.ts';

const milliseconds = z.int().min(10).max(3_600_000);

const LineSettings = z.strictObject({
  dataBits: z.union([z.literal(7), z.literal(8)]).default(8),
  parity: z.enum(['none', 'even', 'odd']).default('none'),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
  flowControl: z.enum(['none', 'rts-cts']).default('none').describe('rts-cts: the unit and the station hold each other up by these lines'),
});
export type LineSettings = z.output<typeof LineSettings>;

/** What every device profile has, whatever its driver; unknown keys are errors. */
export const commonProfile = z
  .object({
    $schema: z.string().optional(),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/u)
      .describe('The name that work orders use; the same as the file’s'),
    key: z
      .enum(['device', 'station'])
      .default('device')
      .describe('Who makes the key. station: the key leaves the station once, to the unit; the audit log says so'),
    proof: ProofLevel.optional().describe('What a PASS needs at least; without it, the highest that the unit can give'),
    passwordLogin: z
      .boolean()
      .optional()
      .describe('Its units cannot do TLS client certificates: an officer may give them a password, a weaker and second way in'),
    baudRate: z.int().min(300).max(12_000_000),
    line: LineSettings.optional().describe('How characters go over the line; without it 8N1 and no flow control'),
    exchangeMs: milliseconds.default(2000).describe('One request and its answer; the time on the wire comes on top'),
    stepMs: milliseconds.default(60_000).describe('One step, e.g. installing everything; at least four times what making the key takes'),
    jobMs: milliseconds.default(600_000).describe('The whole time that a unit may take'),
    replugMs: z
      .int()
      .min(0)
      .max(60_000)
      .default(5000)
      .describe('How long to wait for a unit that went away during a step; 0 does not wait'),
  })
  .strict();
