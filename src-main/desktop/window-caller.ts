import { randomUUID } from 'node:crypto';
import type { CallInput, CallName, CallOrigin, CallOutput } from '../contract/index.ts';

type Call = <N extends CallName>(name: N, input: CallInput<N>, origin: CallOrigin) => Promise<CallOutput<N>>;

/** Keeps the window's credential: the page signs in and out, and never sees it. */
export class WindowCaller {
  readonly #call: Call;
  readonly #connection = randomUUID();
  #credential: string | null = null;

  constructor(call: Call) {
    this.#call = call;
  }

  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const value = await this.#call(name, input, { face: 'window', connection: this.#connection, credential: this.#credential });
    if (name === 'operators.signOut') this.#credential = null;
    return name === 'operators.signIn' ? this.#withoutCredential(value) : value;
  }

  #withoutCredential<N extends CallName>(value: CallOutput<N>): CallOutput<N> {
    if (value === null || typeof value !== 'object' || !('credential' in value)) return value;
    this.#credential = typeof value.credential === 'string' ? value.credential : null;
    return { ...value, credential: null };
  }
}
