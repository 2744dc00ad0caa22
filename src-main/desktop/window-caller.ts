import type { CallInput, CallName, CallOutput } from '../contract/index.ts';

type Call = (name: string, input: unknown, credential: string | null) => Promise<unknown>;

/** Keeps the window's credential: the page signs in and out, and never sees it. */
export class WindowCaller {
  readonly #call: Call;
  #credential: string | null = null;

  constructor(call: Call) {
    this.#call = call;
  }

  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const value = (await this.#call(name, input, this.#credential)) as CallOutput<N>;
    if (name === 'operators.signOut') this.#credential = null;
    return name === 'operators.signIn' ? this.#withoutCredential(value) : value;
  }

  #withoutCredential<N extends CallName>(value: CallOutput<N>): CallOutput<N> {
    if (value === null || typeof value !== 'object' || !('credential' in value)) return value;
    this.#credential = typeof value.credential === 'string' ? value.credential : null;
    return { ...value, credential: null };
  }
}
