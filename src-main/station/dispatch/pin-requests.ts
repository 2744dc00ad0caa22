import { Failure, type Caller } from '../../contract/index.ts';

/** Who asked for which PIN: nobody else may answer it. The signer forgets a request when it runs out, and so does this. */
export class PinRequests {
  readonly #asked = new Map<string, { readonly name: string; readonly role: string; readonly until: number }>();

  asked({ requestId, expiresAt }: { readonly requestId: string; readonly expiresAt: string }, { name, role }: Caller): void {
    const now = Date.now();
    for (const [id, { until }] of this.#asked) if (until < now) this.#asked.delete(id);
    this.#asked.set(requestId, { name, role, until: Date.parse(expiresAt) });
  }

  /** PIN_REQUEST_UNKNOWN for one that this caller did not make. */
  mustBeOf(requestId: string, { name, role }: Caller): void {
    const asked = this.#asked.get(requestId);
    if (asked === undefined || asked.name !== name || asked.role !== role) throw new Failure('PIN_REQUEST_UNKNOWN');
  }
}
