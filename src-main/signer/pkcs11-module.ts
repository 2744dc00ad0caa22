import { existsSync } from 'node:fs';
import pkcs11js, { type PKCS11 } from 'pkcs11js';
import { Failure, type ParamsOf, type ModuleConfig } from '../contract/index.ts';
import { type Attribute, ck, type Handle, normalise, TokenError } from './cryptoki.ts';
import type { CallMarker } from './last-call.ts';
import { mustBeWhole } from './library-file.ts';
import { loginThread, type PinPadWait } from './pin-pad.ts';

/** How long a module may take; generating RSA-4096 inside a smart card takes minutes. */
export const deadlines = { usual: 15_000, generate: 300_000 } as const;

/** A signature below this blocks nothing that matters. */
const fastMs = 3;

export interface ModuleHooks {
  readonly marker: CallMarker;
  readonly deadlineMs?: number;
  /** The call will never return, and nothing can stop it: only a new process helps. */
  readonly onHung: (hang: { readonly method: string; readonly ms: number }) => void;
}

/** What modules say that know nothing of locks, or of arguments at all. */
const cannotLock = new Set(['CKR_CANT_LOCK', 'CKR_NEED_TO_CREATE_THREADS', 'CKR_ARGUMENTS_BAD']);

type SyncMethod = Exclude<
  { [K in keyof PKCS11]: PKCS11[K] extends (...args: never[]) => unknown ? K : never }[keyof PKCS11],
  `${string}Async` | 'load' | 'close'
>;

/**
 * A loaded PKCS#11 module. Every call names itself before it starts and has a deadline; every error is a TokenError.
 * Handles die with `restart`: whoever keeps one keeps the generation beside it.
 */
export class Pkcs11Module {
  readonly config: ModuleConfig;
  readonly #library: PKCS11;
  readonly #hooks: ModuleHooks;
  /** pkcs11js does not keep the input of an asynchronous call alive: C_Sign then signs freed memory and says CKR_OK. */
  readonly #held = new Set<readonly Buffer[]>();
  #initialised = false;
  /** The module cannot lock: no thread but this one may ever call it. */
  #oneThread = false;
  #signsFast = false;
  #hung: ParamsOf<'TOKEN_HUNG'> | null = null;
  #generation = 0;

  private constructor(config: ModuleConfig, library: PKCS11, hooks: ModuleHooks) {
    this.config = config;
    this.#library = library;
    this.#hooks = hooks;
  }

  /** Loads the library; `start` initialises it. MODULE_NOT_FOUND, MODULE_CUT_OFF, MODULE_INVALID. */
  static load(config: ModuleConfig, hooks: ModuleHooks): Pkcs11Module {
    if (!existsSync(config.path)) throw new Failure('MODULE_NOT_FOUND', { path: config.path });
    mustBeWhole(config.path);
    Object.assign(process.env, config.env);
    try {
      hooks.marker.enter('load');
      return new Pkcs11Module(config, new pkcs11js.PKCS11(config.path), hooks);
    } catch (error) {
      throw new Failure('MODULE_INVALID', { path: config.path }, error);
    } finally {
      hooks.marker.leave();
    }
  }

  get generation(): number {
    return this.#generation;
  }

  /** A call never came back; the module can only be left alone until the process ends. */
  get hung(): boolean {
    return this.#hung !== null;
  }

  get initialised(): boolean {
    return this.#initialised;
  }

  /** C_Initialize; a module that another part of this process initialised is as good (CKR_CRYPTOKI_ALREADY_INITIALIZED). */
  start(): void {
    const { initString } = this.config;
    // pkcs11js 2.1.7 cuts the last octet off.
    const named = initString === undefined ? {} : { libraryParameters: `${initString} ` };
    try {
      this.#initialise({ flags: ck.CKF_OS_LOCKING_OK, ...named });
    } catch (error) {
      if (!(error instanceof TokenError) || !cannotLock.has(error.ckr) || initString !== undefined) throw error;
      this.#initialise({ flags: 0 });
      this.#oneThread = true;
    }
    this.#initialised = true;
  }

  #initialise(options: Parameters<PKCS11['C_Initialize']>[0]): void {
    try {
      this.#sync('C_Initialize', () => {
        this.#library.C_Initialize(options);
      });
    } catch (error) {
      if (!(error instanceof TokenError) || error.ckr !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED') throw error;
    }
  }

  /** C_Finalize. Never while a call is in flight: that crashed 3 of 6 processes. */
  stop(): void {
    if (this.#held.size > 0) throw new Error('a module with a call in flight cannot be finalised');
    this.#generation++;
    if (!this.#initialised) return;
    this.#initialised = false;
    this.#sync('C_Finalize', () => {
      this.#library.C_Finalize();
    });
  }

  restart(): void {
    this.stop();
    this.start();
  }

  /** A call that returns at once. */
  call<M extends SyncMethod>(method: M, ...args: Parameters<PKCS11[M]>): ReturnType<PKCS11[M]> {
    return this.#sync(method, () => Reflect.apply(this.#library[method], this.#library, args) as ReturnType<PKCS11[M]>);
  }

  /**
   * One C_Sign. A token that answers within a few milliseconds is asked directly: the way to another thread and back costs
   * more than its signature (SoftHSM signs in 40 µs). A slow one is asked there, so that other calls are answered meanwhile.
   */
  async sign(session: Handle, input: Buffer, output: Buffer): Promise<Buffer> {
    const start = performance.now();
    try {
      if (this.#signsFast || this.#oneThread) return this.#sync('C_Sign', () => this.#library.C_Sign(session, input, output));
      const ms = this.#hooks.deadlineMs ?? deadlines.usual;
      return await this.#async('C_Sign', ms, [session, input, output], async () => this.#library.C_SignAsync(session, input, output));
    } finally {
      this.#signsFast = performance.now() - start < fastMs;
    }
  }

  async generateKeyPair(
    session: Handle,
    mechanism: number,
    publicKey: Attribute[],
    privateKey: Attribute[],
  ): Promise<{ publicKey: Handle; privateKey: Handle }> {
    const ms = this.#hooks.deadlineMs ?? deadlines.generate;
    if (this.#oneThread)
      return this.#sync('C_GenerateKeyPair', () => this.#library.C_GenerateKeyPair(session, { mechanism }, publicKey, privateKey), ms);
    return this.#async('C_GenerateKeyPair', ms, [session], () =>
      this.#library.C_GenerateKeyPairAsync(session, { mechanism }, publicKey, privateKey),
    );
  }

  /**
   * C_Login without a PIN: a person types it on the device. It returns when they have, on a thread of its own, for as long as `ms`; `leave`
   * ends the wait before that. Either way the module stays inside its call: it is hung, and only a new process gets it back.
   */
  async loginOnDevice(session: Handle, { library, ms, leave }: PinPadWait): Promise<void> {
    process.env['BIRTHMARK_PIN_PAD_MODULE'] = this.config.path;
    const run = (): Promise<void> => loginThread({ library, session });
    await this.#async('C_Login', ms, [session], run, leave);
  }

  #sync<T>(method: string, run: () => T, ms?: number): T {
    if (this.#hung !== null) throw new Failure('TOKEN_HUNG', this.#hung);
    this.#hooks.marker.enter(method, ms);
    try {
      return run();
    } catch (error) {
      throw normalise(error, method);
    } finally {
      this.#hooks.marker.leave();
    }
  }

  async #async<T>(method: string, ms: number, buffers: readonly Buffer[], run: () => Promise<T>, leave?: AbortSignal): Promise<T> {
    if (this.#hung !== null) throw new Failure('TOKEN_HUNG', this.#hung);
    this.#hooks.marker.enterAsync(method);
    this.#held.add(buffers);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const hang = (): void => {
        this.#hung = { method, ms };
        this.#hooks.marker.hang(method, ms);
        reject(new Failure('TOKEN_HUNG', { method, ms }));
        // What waits for this call is told before the process is ended.
        setImmediate(() => {
          this.#hooks.onHung({ method, ms });
        });
      };
      timer = setTimeout(hang, ms);
      leave?.addEventListener('abort', hang, { once: true });
    });
    const running = run().finally(() => this.#held.delete(buffers));
    try {
      return await Promise.race([running, late]);
    } catch (error) {
      throw error instanceof Failure ? error : normalise(error, method);
    } finally {
      clearTimeout(timer);
    }
  }
}
