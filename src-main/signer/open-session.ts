import { Failure, unwrap, type SessionEnd, type SignerOutput, type SigningSession } from '../contract/index.ts';
import { say } from '../log/index.ts';
import type { Pin } from './pin.ts';
import type { Moment, SessionAccount } from './session-account.ts';
import type { SessionQueue } from './session-queue.ts';
import { absent } from './token-info.ts';
import type { TokenKeeper } from './token-keeper.ts';
import type { TokenLink } from './token-link.ts';

export interface Open {
  readonly account: SessionAccount;
  readonly link: TokenLink;
  /** Null when it was typed on the device. */
  readonly pin: Pin | null;
}

export interface OpenSessionParts {
  readonly now: () => number;
  /** Milliseconds of a clock that nobody can set. */
  readonly steady: () => number;
  readonly keeper: TokenKeeper;
  /** The module needs a new process: nothing else may help it. */
  readonly stuck: () => void;
  readonly sessionChanged: (session: SignerOutput<'session.current'>) => void;
  readonly sessionEnded: (ended: { session: SigningSession; end: SessionEnd }) => void;
}

/** The one signing session that may be open, from its PIN to its end, however it comes to it; then the PIN is wiped. */
export class OpenSession {
  readonly #parts: OpenSessionParts;
  readonly #queue: SessionQueue;
  readonly #onEnd: () => void;
  #open: Open | null = null;
  #ended: string | null = null;
  #toldMinutes = -1;

  constructor(parts: OpenSessionParts, queue: SessionQueue, onEnd: () => void) {
    this.#parts = parts;
    this.#queue = queue;
    this.#onEnd = onEnd;
  }

  get now(): Open | null {
    return this.#open;
  }

  view(): SignerOutput<'session.current'> {
    return this.#open?.account.view() ?? null;
  }

  begin(open: Open): void {
    this.#open = open;
    this.#ended = null;
    const { id, kind, quota, until, operator } = open.account.view();
    say('info', 'signer', 'session opened', { session: id, kind, quota, until, operator });
  }

  moment(): Moment {
    return { wall: this.#parts.now(), steady: this.#parts.steady() };
  }

  /** The open session, still within its time; `expected` when it must be the one that was open before. */
  required(expected?: Open): Open {
    const open = this.#open;
    const why = open?.account.overdue(this.moment()) ?? null;
    if (open !== null && why === null && (expected === undefined || expected === open)) return open;
    if (why !== null) {
      // Not at once: a call may be in flight on the session that this would close.
      void this.#queue.run('urgent', () => {
        this.end(why, open);
        this.#parts.keeper.refresh(false);
      });
      throw new Failure('SESSION_ENDED', { why });
    }
    const { state, view } = this.#parts.keeper.state;
    if (state === 'absent') throw absent(view ?? unwrap(this.#parts.keeper.watched, 'a token is absent that nobody watches'));
    throw this.#ended === null ? new Failure('SESSION_NONE') : new Failure('SESSION_ENDED', { why: this.#ended });
  }

  /** Runs a use of the token. When the token is gone or hangs the session ends with it, and the PIN is wiped. */
  async watched<T>(open: Open, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      const code = error instanceof Failure ? error.code : null;
      if (code === 'TOKEN_ABSENT') {
        this.end('the token was removed', open);
        this.#parts.keeper.lost();
        this.#parts.stuck();
      } else if (error instanceof Failure && !open.link.live) {
        this.end(`the token failed (${error.code})`, open);
        if (code === 'TOKEN_FAILED') this.#parts.stuck();
      }
      throw error;
    }
  }

  end(why: string, open = this.#open): void {
    if (open === null || open !== this.#open) return;
    this.#open = null;
    this.#ended = why;
    say('info', 'signer', `session ended: ${why}`, { session: open.account.view().id, used: open.account.view().used });
    this.#parts.sessionEnded({ session: open.account.view(), end: { at: new Date(this.#parts.now()).toISOString(), why } });
    this.#onEnd();
    open.link.close();
    open.pin?.wipe();
    this.announce();
  }

  announce(): void {
    this.#parts.sessionChanged(this.view());
  }

  /** Told each minute, besides each use: whoever shows what is left need not ask. */
  countDown({ account }: Open): void {
    const minutes = account.minutesLeft(this.moment());
    if (minutes === this.#toldMinutes) return;
    this.#toldMinutes = minutes;
    this.announce();
  }
}
