import { z } from 'zod';
import type { Role } from './models.ts';

/** Where a call was made: the desktop window, the command line, or another program over HTTP. */
export const Face = z.enum(['window', 'command-line', 'http']);
export type Face = z.infer<typeof Face>;

/** What comes with every call over the wire. It claims nothing: the station finds out who it is. */
export const CallOrigin = z
  .object({
    face: Face,
    /** One value for each connection of a face; events for one caller alone are sent to it. */
    connection: z.string().min(1).max(64),
    /** What a sign-in or an access key gave this caller; null before it has one. */
    credential: z.string().max(200).nullable(),
  })
  .strict();
export type CallOrigin = z.infer<typeof CallOrigin>;

/** `nobody`: has not signed in. */
export type CallerRole = Role | 'nobody';

/** Who makes a call, as the station found out. `name` is what the audit log says. */
export interface Caller {
  readonly name: string;
  readonly role: CallerRole;
  readonly face: Face;
  readonly connection: string;
  readonly credential: string | null;
}
