import { createHash } from 'node:crypto';
import { calls, Failure, type Caller, type CallName } from '../../../contract/index.ts';
import type { Registry } from '../../registry/index.ts';

/** A hash of a password in the database could be guessed at. */
const withoutSecrets = (name: string, value: unknown): unknown => (/passw|passphrase/iu.test(name) ? null : value);
const form = /^[\w.:-]{1,128}$/u;

/** Does a call that came with an Idempotency-Key once, whatever becomes of connections and of the station. */
export class OnceOnly {
  readonly #registry: Registry;
  readonly #running = new Set<string>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /**
   * `work` answers JSON. INVALID_INPUT for a key of another form, REQUEST_REPEATED for one that was used for something else, REQUEST_RUNNING,
   * REQUEST_UNKNOWN where the station ended in the middle, REQUEST_TOLD_ONCE where the answer had a secret in it.
   */
  async run(
    key: string,
    call: CallName,
    { input, caller }: { readonly input: unknown; readonly caller: Caller },
    work: () => Promise<string>,
  ): Promise<string> {
    if (!form.test(key))
      throw new Failure('INVALID_INPUT', { field: 'Idempotency-Key', problem: 'must be 1 to 128 letters, digits, "_", ".", ":" and "-"' });
    const { idempotentCalls } = this.#registry;
    const { name } = caller;
    const inputSha256 = createHash('sha256').update(JSON.stringify(input, withoutSecrets)).digest('hex');
    const running = `${name} ${key}`;
    const known = idempotentCalls.find(name, key);
    if (known !== null) {
      if (known.call !== call || known.inputSha256 !== inputSha256) throw new Failure('REQUEST_REPEATED', { key, call: known.call });
      if (this.#running.has(running)) throw new Failure('REQUEST_RUNNING', { key });
      if (!known.ended) throw new Failure('REQUEST_UNKNOWN', { key, call });
      if (known.answer === null) throw new Failure('REQUEST_TOLD_ONCE', { key, call });
      return known.answer;
    }
    this.#running.add(running);
    try {
      idempotentCalls.begin(name, key, call, inputSha256);
      const answer = await work();
      idempotentCalls.end(name, key, calls[call].secret === true ? null : answer);
      return answer;
    } catch (thrown) {
      // After a bug nobody knows what was done.
      if (thrown instanceof Failure && thrown.code !== 'INTERNAL') idempotentCalls.forget(name, key);
      throw thrown;
    } finally {
      this.#running.delete(running);
    }
  }
}
