import { randomUUID } from 'node:crypto';
import { Failure, type RebindTerms, type SessionTerms } from '../contract/index.ts';

export type PinPurpose =
  | { readonly kind: 'session'; readonly terms: SessionTerms }
  | { readonly kind: 'rebind'; readonly terms: RebindTerms }
  | { readonly kind: 'init'; readonly label: string };

interface Request {
  readonly purpose: PinPurpose;
  readonly expiresAt: number;
  busy: boolean;
  /** Ends a wait for the PIN pad. */
  readonly leave: AbortController;
}

const lifetimeMs = 120_000;
/** More than people answer; whoever asks on and on fills no memory. */
const mostOpen = 32;

/** Questions for a PIN that are still open. Each is good for one right answer within two minutes. */
export class PinRequests {
  readonly #open = new Map<string, Request>();

  add(purpose: PinPurpose, now: number): { requestId: string; expiresAt: number } {
    for (const [id, { expiresAt }] of this.#open) if (expiresAt <= now) this.#open.delete(id);
    const [oldest] = [...this.#open].filter(([, { busy }]) => !busy);
    if (this.#open.size >= mostOpen && oldest !== undefined) this.#open.delete(oldest[0]);
    const requestId = randomUUID();
    const expiresAt = now + lifetimeMs;
    this.#open.set(requestId, { purpose, expiresAt, busy: false, leave: new AbortController() });
    return { requestId, expiresAt };
  }

  /** Nobody will answer this request any more. */
  cancel(requestId: string): void {
    const request = this.#open.get(requestId);
    if (request === undefined) throw new Failure('PIN_REQUEST_UNKNOWN');
    this.#open.delete(requestId);
    request.leave.abort();
  }

  isOpen(requestId: string): boolean {
    return this.#open.has(requestId);
  }

  /** What an open request is for. PIN_REQUEST_UNKNOWN. */
  purpose(requestId: string, now: number): PinPurpose {
    return this.#waiting(requestId, now).purpose;
  }

  /** Runs `use` for a request that waits. After a wrong PIN it waits on for another deliberate entry; after anything else it is gone. */
  async answer<T>(requestId: string, now: number, use: (purpose: PinPurpose, leave: AbortSignal) => Promise<T>): Promise<T> {
    const request = this.#waiting(requestId, now);
    request.busy = true;
    let wrong = false;
    try {
      return await use(request.purpose, request.leave.signal);
    } catch (error) {
      wrong = error instanceof Failure && (error.code === 'PIN_WRONG' || error.code === 'PIN_INVALID');
      throw error;
    } finally {
      request.busy = false;
      if (!wrong) this.#open.delete(requestId);
    }
  }

  #waiting(requestId: string, now: number): Request {
    const request = this.#open.get(requestId);
    if (request === undefined || request.busy || request.expiresAt <= now) throw new Failure('PIN_REQUEST_UNKNOWN');
    return request;
  }
}
