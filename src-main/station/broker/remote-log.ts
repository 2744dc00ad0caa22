import { Failure } from '../../contract/index.ts';
import type { LogLines } from './kick.ts';
import type { SshLink } from './ssh.ts';

/** What `log_timestamp` and Debian's own settings put in front of a line. */
const timestamp = /^(?:\d{10}|\d{4}-\d\d-\d\d[T ][\d:]+[^ ]*): /u;

/** What birthmark-host says between the lines that are there and those that come. */
const endOfHistory = 'birthmark: end of the history';

/** Weeks of log take seconds; nobody waits longer for the beginning. */
const historyMs = 60_000;

/** Mosquitto's log on another computer, followed line by line from its oldest one on. It does not come back by itself. */
export class RemoteLog implements LogLines {
  readonly #listeners = new Set<(line: string) => void>();
  readonly #onEnd = new Set<() => void>();
  #close: (() => void) | null = null;

  get isOpen(): boolean {
    return this.#close !== null;
  }

  /** Resolves when it is followed; `onEnd` is called when it no longer is. Why not: as `SshLink.follow`. */
  async open(link: SshLink, onLine: (line: string) => void, onEnd: () => void): Promise<void> {
    let caughtUp = (): void => undefined;
    const history = new Promise<void>((resolve) => (caughtUp = resolve));
    const stream = await link.follow('sessions', (raw) => {
      if (raw === endOfHistory) return caughtUp();
      const line = raw.replace(timestamp, '');
      onLine(line);
      for (const listener of [...this.#listeners]) listener(line);
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`its log of Mosquitto did not come within ${String(historyMs / 1_000)} seconds`), historyMs);
    });
    const ended = stream.ended.then(() => 'the log of the broker cannot be read');
    const reason = await Promise.race([history.then(() => null), ended, late]);
    clearTimeout(timer);
    if (reason !== null) {
      stream.close();
      throw new Failure('BROKER_HOST_FAILED', { problem: reason });
    }
    this.#close = () => stream.close();
    void stream.ended.then(() => {
      this.#close = null;
      for (const end of [...this.#onEnd]) end();
      onEnd();
    });
  }

  /** The next line that `wanted` accepts. TIMEOUT; BROKER_LOG_ENDED when the log ends first. */
  line(wanted: (line: string) => boolean, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        this.#onEnd.delete(ended);
        finish();
      };
      const look = (line: string): void => {
        if (wanted(line)) settle(() => resolve(line));
      };
      const ended = (): void => settle(() => reject(new Failure('BROKER_LOG_ENDED')));
      const timer = setTimeout(() => settle(() => reject(new Failure('TIMEOUT', { what: 'Mosquitto', ms: timeoutMs }))), timeoutMs);
      this.#listeners.add(look);
      this.#onEnd.add(ended);
    });
  }

  close(): void {
    this.#close?.();
  }
}
