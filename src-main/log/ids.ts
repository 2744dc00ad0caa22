import { AsyncLocalStorage } from 'node:async_hooks';

/** What a line belongs to. */
export interface Ids {
  /** A call of a face. */
  readonly call?: string;
  /** The run of a unit. */
  readonly run?: string;
  /** The serial number of a certificate that is being revoked. */
  readonly revocation?: string;
  /** One round in which CRLs and access list go to the broker host. */
  readonly publication?: string;
}
export const idNames = ['call', 'run', 'revocation', 'publication'] as const satisfies readonly (keyof Ids)[];

const store = new AsyncLocalStorage<Ids>();
const none: Ids = {};

/** The ids of whatever led here; they follow promises and timers. */
export const currentIds = (): Ids => store.getStore() ?? none;

/** Does `work` under these ids, beside those that hold already. */
export const withIds = <T>(ids: Ids, work: () => T): T => store.run({ ...currentIds(), ...ids }, work);

/** Does `work` under exactly these ids: for work that serves others than whoever started it. */
export const underIds = <T>(ids: Ids, work: () => T): T => store.run(ids, work);

const mostRemembered = 1_000;
const remembered = new Map<string, Ids>();

/** Under which ids this was recorded, for what is done with it later by somebody who does not know; the newest thousand. */
export function rememberIds(key: string): void {
  remembered.delete(key);
  remembered.set(key, currentIds());
  const [oldest] = remembered.keys();
  if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest);
}

export const idsOf = (key: string): Ids => remembered.get(key) ?? none;
