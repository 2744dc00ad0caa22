import { Failure, type BundleProof } from '../../contract/index.ts';
import type { Observer } from '../verify/index.ts';

/** A look at whether the proof is still wanted is taken this often. */
const waitMs = 10 * 60_000;
const retryMs = 5_000;

export interface Wanted {
  readonly key: string;
  readonly proof: BundleProof;
  /** False ends the watch: somebody revoked it, or its time is up. */
  readonly isWanted: () => boolean;
  readonly arrived: () => void;
}

/** Watches for what devices publish to show that they work with their bundles. */
export class Proofs {
  readonly #observer: Observer;
  readonly #stop = new AbortController();
  readonly #watched = new Map<string, Promise<void>>();

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  watch(wanted: Wanted): void {
    if (this.#watched.has(wanted.key) || this.#stop.signal.aborted) return;
    this.#watched.set(
      wanted.key,
      this.#until(wanted).finally(() => this.#watched.delete(wanted.key)),
    );
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#watched.values());
  }

  async #until({ proof, isWanted, arrived }: Wanted): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && isWanted()) {
      try {
        const recorder = await this.#observer.watch(proof.topic, { signal, timeoutMs: waitMs });
        try {
          await recorder.waitFor(proof.payload, { signal, timeoutMs: waitMs });
          if (isWanted()) arrived();
          return;
        } finally {
          await recorder.close();
        }
      } catch (thrown) {
        // Nothing came yet, or the broker is away: the retained message waits there.
        if (!(thrown instanceof Failure)) throw thrown;
        if (thrown.code !== 'ECHO_MISSING') await pause(retryMs, signal);
      }
    }
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
