import type { z } from 'zod';
import { calls, Failure, parseInput, signerCalls, type SignerEventName, type SignerOutput } from '../contract/index.ts';
import { Announcer } from './announcer.ts';
import { TokenKeeper } from './keeper.ts';
import { Marker } from './marker.ts';
import { WrongPins, type PinTries } from './pin.ts';
import { deadlines } from './pkcs11.ts';
import { vendorQuirks, type Quirks } from './quirks.ts';
import { Signer } from './signer.ts';

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
  /** One call of `signerCalls`, or `pin.enter`. Throws a Failure for whatever was expected to go wrong. */
  handle(name: string, input: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Milliseconds between looks at the clock and at the token. */
const watchMs = 1000;

/** The signer: the only code that loads a PKCS#11 module, holds a session or sees a PIN. */
export function createSigner(options: SignerOptions): SignerService {
  const { clock, emit, deadlineMs, quirks = vendorQuirks } = options;
  const marker = new Marker(options.marker ?? null, deadlineMs ?? deadlines.usual);
  const wrong = new WrongPins(quirks, () => clock.now(), options.pinTries ?? null);
  const hooks = { marker, onHung: options.onHung, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  const keeper = new TokenKeeper(hooks, wrong, (state) => {
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
  });
  const handle = dispatcher(signer, keeper);
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

function dispatcher(signer: Signer, keeper: TokenKeeper): SignerService['handle'] {
  const on =
    <S extends z.ZodType>(call: { readonly input: S }, run: (input: z.output<S>) => unknown) =>
    async (input: unknown) =>
      run(parseInput(call.input, input, 'input'));
  const handlers = new Map<string, (input: unknown) => Promise<unknown>>([
    ['pin.enter', on(calls['pin.enter'], (input) => signer.enterPin(input))],
    ['pin.onDevice', on(calls['pin.onDevice'], (input) => signer.pinOnDevice(input))],
    ['pin.cancel', on(calls['pin.cancel'], (input) => signer.cancelPin(input))],
    ['module.use', on(signerCalls['module.use'], (input) => signer.useModule(input))],
    ['token.inspect', on(signerCalls['token.inspect'], (input) => signer.inspect(input))],
    ['token.list', on(signerCalls['token.list'], () => signer.listTokens())],
    ['token.state', on(signerCalls['token.state'], () => keeper.state)],
    ['token.requestInit', on(signerCalls['token.requestInit'], (input) => signer.requestInit(input))],
    ['session.request', on(signerCalls['session.request'], (input) => signer.requestSession(input))],
    ['session.current', on(signerCalls['session.current'], () => signer.current())],
    ['session.close', on(signerCalls['session.close'], (input) => signer.closeSession(input))],
    ['key.generate', on(signerCalls['key.generate'], (input) => signer.generateKey(input))],
    ['key.find', on(signerCalls['key.find'], (input) => signer.findKey(input))],
    ['sign.request', on(signerCalls['sign.request'], (input) => signer.signRequest(input))],
    ['sign.transcript', on(signerCalls['sign.transcript'], (input) => signer.signTranscript(input))],
    ['sign.certificate', on(signerCalls['sign.certificate'], (input) => signer.signCertificate(input))],
    ['sign.crl.begin', on(signerCalls['sign.crl.begin'], (input) => signer.beginCrl(input))],
    ['sign.crl.append', on(signerCalls['sign.crl.append'], (input) => signer.appendCrl(input))],
    ['sign.crl.finish', on(signerCalls['sign.crl.finish'], (input) => signer.finishCrl(input))],
  ]);
  return async (name, input) => {
    const handler = handlers.get(name);
    if (handler === undefined) throw new Failure('INVALID_INPUT', { field: 'call', problem: `the signer has no call ${name}` });
    return handler(input);
  };
}
