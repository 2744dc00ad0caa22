import { CallOrigin, type Caller, type CallerRole } from '../../contract/index.ts';

/** What the station knows of those who may call. */
export interface People {
  /** Nobody can have signed in before the station is set up. */
  readonly setUp: boolean;
  /** Nothing that a try-out station makes is worth a sign-in at the command line. */
  readonly tryOut: boolean;
  /** Who signed in with this credential, or the access key that it is. Null for one that holds no more. */
  holderOf(credential: string): { readonly name: string; readonly role: CallerRole } | null;
}

const nobody = { name: 'nobody', role: 'nobody' } as const;

/** Who makes a call, from what came with it. Nobody has a role before a sign-in, nor after its end. */
export function callerOf(given: unknown, people: People): Caller {
  const { face, connection, credential } = CallOrigin.parse(given);
  return { ...holder(), face, connection, credential };

  function holder(): { readonly name: string; readonly role: CallerRole } {
    if (!people.setUp) return { name: face === 'command-line' ? 'command line' : 'set-up', role: 'nobody' };
    if (credential !== null) return people.holderOf(credential) ?? nobody;
    return face === 'command-line' && people.tryOut ? { name: 'command line', role: 'officer' } : nobody;
  }
}
