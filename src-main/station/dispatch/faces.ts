import { eventRoles, type CallerRole, type CallOrigin, type EventName } from '../../contract/index.ts';

/** The connections of faces, who speaks on each of them, and so who hears of what. */
export class Faces {
  readonly #origins = new Map<string, CallOrigin>();
  readonly #roleOf: (origin: CallOrigin) => CallerRole;

  constructor(roleOf: (origin: CallOrigin) => CallerRole) {
    this.#roleOf = roleOf;
  }

  /** The newest call of a connection says with which credential it speaks. */
  speaks(origin: CallOrigin): void {
    this.#origins.set(origin.connection, origin);
  }

  left(connection: string): void {
    this.#origins.delete(connection);
  }

  /** The connections that may hear of this event now; undefined: all. A sign-in that has ended counts no more. */
  hearing(name: EventName): string[] | undefined {
    const roles = eventRoles[name];
    if (roles.includes('nobody')) return undefined;
    return [...this.#origins.values()].filter((origin) => roles.includes(this.#roleOf(origin))).map(({ connection }) => connection);
  }
}
