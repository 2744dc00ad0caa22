import type { SignerEventName, SignerOutput } from '../contract/index.ts';
import { Announcer } from './announcer.ts';
import { dispatcher } from './dispatcher.ts';
import { CallMarker } from './last-call.ts';
import { PinnedModule } from './pinned-module.ts';
import { SignerMemory } from './memory.ts';
import { deadlines } from './pkcs11-module.ts';
import { type Quirks, vendorQuirks } from './quirks.ts';
import { Signer } from './signer.ts';
import { TokenKeeper } from './token-keeper.ts';
import { type PinTries, WrongPins } from './wrong-pins.ts';

export { vendorQuirks, type Quirks } from './quirks.ts';

export interface SignerOptions {
  readonly clock: { now(): number };
  /** Milliseconds of a clock that nobody can set; the process's own when absent. */
  readonly steady?: () => number;
  readonly emit: (event: SignerEventName, payload: unknown) => void;
  /** A module call will never return: the host ends this process and starts another one. */
  readonly onHung: (hang: { readonly method: string; readonly ms: number }) => void;
  /** A new process is the only thing left that may help the module or find the token; the host ends this one and starts another. */
  readonly onStuck: () => void;
  readonly quirks?: Quirks;
  /** Keeps the count of wrong PINs from one start to the next; in memory only when absent. */
  readonly pinTries?: PinTries;
  /** The file with what the signer knows of what it signed; in memory only when absent. */
  readonly memory?: string;
  /** The file that says which module may be loaded, and the data folder that its paths are in; for as long as the process runs when absent. */
  readonly pinned?: { readonly path: string; readonly dataDir: string };
  /** This process may load a module only to look at it: it never sees a PIN. */
  readonly inspecting?: boolean;
  /** The library of `native/pin-pad`, for tokens that take their PIN on the device; null where there is none. */
  readonly pinPad?: string | null;
  /** Milliseconds that a person has on the PIN pad; less than a PIN request is open for. */
  readonly pinPadMs?: number;
  /**
   * File that names the module call in progress (`readLastCall`). With it a watchdog thread ends the process when a call that
   * blocks it overruns its deadline; `onHung` can only tell of calls that do not.
   */
  readonly marker?: string;
  /** For every module call, milliseconds; usually 15 s, and 5 minutes to make a key. */
  readonly deadlineMs?: number;
}

export interface SignerService {
  /** One call of the dispatcher's table. Throws a Failure for whatever was expected to go wrong. */
  handle(name: string, input: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Milliseconds between looks at the clock and at the token. */
const watchMs = 1000;

/** The signer: the only code that loads a PKCS#11 module, holds a session or sees a PIN. */
export function createSigner(options: SignerOptions): SignerService {
  const { clock, emit, deadlineMs, quirks = vendorQuirks } = options;
  const marker = new CallMarker(options.marker ?? null, deadlineMs ?? deadlines.usual);
  const wrong = new WrongPins(quirks, () => clock.now(), options.pinTries ?? null);
  const hooks = { marker, onHung: options.onHung, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  const pinned = PinnedModule.open(options.pinned?.path ?? null, options.pinned?.dataDir ?? '');
  const keeper = new TokenKeeper(hooks, wrong, pinned, (state) => {
    emit('token.changed', state);
  });
  const sessions = new Announcer<SignerOutput<'session.current'>>((session) => {
    emit('session.changed', session);
  });
  const signer = new Signer({
    now: () => clock.now(),
    steady: options.steady ?? (() => performance.now()),
    keeper,
    wrong,
    quirks,
    inspecting: options.inspecting ?? false,
    memory: SignerMemory.open(options.memory ?? null),
    pinPad: options.pinPad ?? null,
    pinPadMs: options.pinPadMs ?? 90_000,
    // What failed for it is answered first.
    stuck: () => setImmediate(options.onStuck),
    sessionChanged: (session) => {
      sessions.tell(session);
      // The end of a session is never held back.
      if (session === null) sessions.flush();
    },
    sessionEnded: (ended) => {
      emit('session.ended', ended);
    },
    pinAnswered: (requestId) => {
      emit('pin.answered', { requestId });
    },
    pinGone: (requestId, failure) => {
      emit('pin.gone', { requestId, failure });
    },
  });
  const handle = dispatcher(signer.handlers());
  const timer = setInterval(() => void signer.look(), watchMs);
  timer.unref();
  return {
    handle,
    close: async () => {
      clearInterval(timer);
      await signer.close();
      sessions.stop();
      await marker.close();
    },
  };
}
