import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { lastCallText, startingCalls } from '../service-host/index.ts';

/**
 * A call names itself before it may crash or hang the process. With a file, the name is readable after the process is gone,
 * and a watchdog thread ends the process when a call that blocks it overruns: nothing inside the process can do more.
 */
export class CallMarker {
  readonly #file: number | null;
  readonly #shared = new Int32Array(new SharedArrayBuffer(12));
  readonly #deadlineMs: number;
  readonly #watchdog: Worker | null;
  #written = '';

  constructor(path: string | null, deadlineMs: number) {
    this.#file = path === null ? null : openSync(path, 'w', 0o600);
    this.#deadlineMs = deadlineMs;
    this.#watchdog =
      path === null ? null : new Worker(watchdogSource, { eval: true, workerData: { shared: this.#shared, path, deadlineMs } });
    this.#watchdog?.unref();
  }

  /** A call that blocks this thread until `leave`. */
  enter(method: string, ms = this.#deadlineMs): void {
    this.enterAsync(method);
    Atomics.store(this.#shared, 2, ms);
    Atomics.add(this.#shared, 1, 1);
    Atomics.store(this.#shared, 0, 1);
  }

  /** A call on another thread; its deadline is kept by a timer here. */
  enterAsync(method: string): void {
    if (this.#file === null || this.#written === method) return;
    writeSync(this.#file, lastCallText({ method, hungMs: null }), 0);
    this.#written = method;
  }

  /** The call on another thread overran: what ends this process now is told why. */
  hang(method: string, ms: number): void {
    if (this.#file !== null) writeSync(this.#file, lastCallText({ method, hungMs: ms }), 0);
  }

  leave(): void {
    Atomics.store(this.#shared, 0, 0);
    if (startingCalls.includes(this.#written)) this.#forget();
  }

  /** Whatever ends the process from now on is not the call that was named last. */
  #forget(): void {
    if (this.#file !== null) ftruncateSync(this.#file);
    this.#written = '';
  }

  async close(): Promise<void> {
    await this.#watchdog?.terminate();
    this.#forget();
    if (this.#file !== null) closeSync(this.#file);
  }
}

/** [0] 1 while the main thread is inside a call, [1] which call, [2] its milliseconds. Plain JavaScript: a thread without a file of its own in the bundle. */
const watchdogSource = `
  const { workerData: { shared, path, deadlineMs } } = require('node:worker_threads');
  const { appendFileSync } = require('node:fs');
  const step = Math.max(20, Math.min(500, deadlineMs / 4));
  const quiet = new Int32Array(new SharedArrayBuffer(4));
  for (let call = -1, since = 0; ; Atomics.wait(quiet, 0, 0, step)) {
    const now = Atomics.load(shared, 0) === 1 ? Atomics.load(shared, 1) : -1;
    if (now === -1 || now !== call) { call = now; since = Date.now(); continue; }
    const ms = Atomics.load(shared, 2);
    if (Date.now() - since < ms) continue;
    appendFileSync(path, ' hung ' + ms);
    process.kill(process.pid, 'SIGKILL');
  }
`;
