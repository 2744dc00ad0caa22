import { CallOrigin, type Caller, type Operator } from '../../contract/index.ts';

/** What the station knows of those who may call. */
export interface People {
  /** Nobody can have signed in before the station is set up. */
  readonly setUp: boolean;
  /** Null for a credential that holds no more. */
  signedIn(credential: string): Operator | null;
}

/**
 * Who makes a call, from what came with it. Whoever may open the data folder may use the command line on it: the folder is
 * 0700. In the window nobody has a role before a sign-in, nor after its end.
 */
export function callerOf(given: unknown, people: People): Caller {
  const { face, connection, credential } = CallOrigin.parse(given);
  const at = { face, connection, credential };
  if (!people.setUp) return { name: face === 'command-line' ? 'command line' : 'set-up', role: 'nobody', ...at };
  if (credential !== null) {
    const operator = people.signedIn(credential);
    return operator === null ? { name: 'nobody', role: 'nobody', ...at } : { name: operator.name, role: operator.role, ...at };
  }
  if (face === 'command-line') return { name: 'command line', role: 'officer', ...at };
  return { name: 'nobody', role: 'nobody', ...at };
}
