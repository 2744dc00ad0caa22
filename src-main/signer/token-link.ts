import { Failure, type KeyAlgorithm, type KeyProof, type TokenRef } from '../contract/index.ts';
import { ck, type Handle, TokenError } from './cryptoki.ts';
import { namedAnswer, tokenFailure } from './failures.ts';
import type { SigningKey } from './issuer-key.ts';
import { belongs, findKeyPair, findObjects, generateKey, type KeyRequest, provenAttributes, type TokenSession } from './keys.ts';
import type { PinPadWait } from './pin-pad.ts';
import type { Pin } from './pin.ts';
import type { Pkcs11Module } from './pkcs11-module.ts';
import type { Quirks } from './quirks.ts';
import { digestOf, signDigest } from './signature.ts';
import { absent, type FoundToken, hasPinPad, isToken, isWriteProtected, pinStateOf, type TokenInfo } from './token-info.ts';
import { findToken, onlyToken, readToken } from './tokens.ts';
import type { WrongPins } from './wrong-pins.ts';

interface Live {
  readonly slot: Handle;
  readonly session: Handle;
  readonly generation: number;
  readonly handles: Map<string, Handle>;
}

/**
 * A logged-in PKCS#11 session with one token, found anew when it is lost. Not for concurrent use: callers queue.
 * The PIN is only ever used again after the token has accepted it; one that is typed on the device (`pin` null) not even then.
 */
export class TokenLink {
  readonly #module: Pkcs11Module;
  readonly #ref: TokenRef;
  readonly #pin: Pin | null;
  readonly #wrong: WrongPins;
  readonly #quirks: Quirks;
  readonly #writable: boolean;
  #live: Live | null = null;

  constructor(options: { module: Pkcs11Module; ref: TokenRef; pin: Pin | null; wrong: WrongPins; quirks: Quirks; writable: boolean }) {
    this.#module = options.module;
    this.#ref = options.ref;
    this.#pin = options.pin;
    this.#wrong = options.wrong;
    this.#quirks = options.quirks;
    this.#writable = options.writable;
  }

  /** There is a session to work with. */
  get live(): boolean {
    return this.#live?.generation === this.#module.generation && !this.#module.hung;
  }

  /** The officer's entry of the PIN. TOKEN_ABSENT, TOKEN_AMBIGUOUS, PIN_WRONG and the other failures of a PIN, or TOKEN_FAILED. */
  async open(pad: PinPadWait | null): Promise<void> {
    const token = onlyToken(this.#module, this.#ref);
    this.#mustBeWorthATry(token.info);
    try {
      const session = this.#openSession(token);
      await this.#closedUnless(session, async () => {
        if (this.#pin !== null) this.#enterPin(session, this.#pin, false);
        else if (pad !== null) await this.#askOnDevice(session, pad);
      });
      this.#take(token, session);
      this.#wrong.right(token.info);
    } catch (error) {
      throw this.#explain(error, token);
    }
  }

  /** Whatever can be known before the token is asked: no try is spent on it. */
  #mustBeWorthATry(info: TokenInfo): void {
    const { label } = info;
    if (pinStateOf(info) === 'locked') throw new Failure('PIN_LOCKED', { label });
    if (pinStateOf(info) === 'not-set') throw new Failure('PIN_NOT_SET', { label });
    if (this.#writable && isWriteProtected(info)) throw new Failure('TOKEN_WRITE_PROTECTED', { label });
    if (this.#wrong.used(info)) throw new Failure('PIN_TRIES_USED', { label, tries: this.#quirks.assumedTries(info) });
    if (this.#pin === null) {
      if (!hasPinPad(info)) throw new Failure('PIN_PAD_MISSING', { label });
      return;
    }
    if (hasPinPad(info)) throw new Failure('PIN_ON_DEVICE', { label });
    if (this.#pin.length < info.minPin || this.#pin.length > info.maxPin)
      throw new Failure('PIN_INVALID', { min: info.minPin, max: info.maxPin });
  }

  #openSession({ slot }: FoundToken): Handle {
    return this.#module.call('C_OpenSession', slot, ck.CKF_SERIAL_SESSION | (this.#writable ? ck.CKF_RW_SESSION : 0));
  }

  #take({ slot }: FoundToken, session: Handle): void {
    this.#live = { slot, session, generation: this.#module.generation, handles: new Map() };
  }

  async #closedUnless(session: Handle, use: () => Promise<void>): Promise<void> {
    try {
      await use();
    } catch (error) {
      if (!this.#module.hung) this.#quietly('C_CloseSession', session);
      throw error;
    }
  }

  #enterPin(session: Handle, pin: Pin, again: boolean): void {
    const login = (): void => {
      pin.use((text) => {
        this.#module.call('C_Login', session, ck.CKU_USER, text);
      });
    };
    try {
      login();
    } catch (error) {
      if (!isLoggedIn(error)) throw error;
      if (again) return;
      // The PIN has not been looked at: log out first, or a wrong one would open the session.
      this.#module.call('C_Logout', session);
      login();
    }
  }

  async #askOnDevice(session: Handle, pad: PinPadWait): Promise<void> {
    const { label } = this.#ref;
    const cancelled = new Failure('PIN_PAD_CANCELLED', { label, ckr: 'cancelled here' });
    if (pad.leave.aborted) throw cancelled;
    try {
      await this.#module.loginOnDevice(session, pad);
    } catch (error) {
      if (error instanceof Failure && error.code === 'TOKEN_HUNG') {
        if (pad.leave.aborted) throw cancelled;
        throw new Failure('PIN_PAD_LATE', { label, seconds: Math.round(pad.ms / 1000) });
      }
      if (!isLoggedIn(error)) throw error;
      this.#module.call('C_Logout', session);
      await this.#module.loginOnDevice(session, pad);
    }
  }

  #explain(error: unknown, token: FoundToken): unknown {
    if (!(error instanceof TokenError)) return error;
    if (error.ckr === 'CKR_PIN_INCORRECT' || error.ckr === 'CKR_PIN_INVALID') {
      this.#wrong.wrong(token.info);
      const info = readToken(this.#module, token.slot);
      if (pinStateOf(info) === 'locked') return new Failure('PIN_LOCKED', { label: info.label });
      return new Failure('PIN_WRONG', this.#wrong.left(info));
    }
    return namedAnswer(error, token.info) ?? tokenFailure(error);
  }

  /** Finds a key and proves by a signature that it is the right one. Null when the token has none that is. */
  async find(key: SigningKey): Promise<Handle | null> {
    const live = this.#alive();
    const known = live.handles.get(key.ref.spkiSha256);
    if (known !== undefined) return known;
    const at = { module: this.#module, session: live.session };
    for (const handle of findObjects(at, Buffer.from(key.ref.ckaId, 'hex'), ck.CKO_PRIVATE_KEY)) {
      if (!(await belongs(at, handle, key.algorithm, key.publicKey))) continue;
      live.handles.set(key.ref.spkiSha256, handle);
      return handle;
    }
    return null;
  }

  /** The same before there is anything to lose: KEY_KIND_UNSUPPORTED and the like, or TOKEN_FAILED. */
  async has(key: SigningKey): Promise<boolean> {
    try {
      return (await this.find(key)) !== null;
    } catch (error) {
      throw this.#named(error, key.algorithm);
    }
  }

  #named(error: unknown, kind: KeyAlgorithm): unknown {
    const { label } = this.#ref;
    return (error instanceof TokenError ? namedAnswer(error, { label, kind }) : null) ?? tokenFailure(error);
  }

  /**
   * One signature over the digest of bytes. On any unexpected answer, whatever it says (pki.md, hazard 4): once more with the key looked for
   * again, then in a new session, then after a new start of the module. TOKEN_ABSENT when the token is not there then; TOKEN_FAILED when it is
   * and still refuses: after that only a new process is left.
   */
  async sign(key: SigningKey, digest: Buffer): Promise<Buffer> {
    let last: TokenError | null = null;
    for (const rung of [() => this.live, () => this.#forgetHandles(), () => this.#reopen(), () => this.#restart()]) {
      if (!rung()) continue;
      try {
        return await this.#signOnce(key, digest);
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        const named = namedAnswer(error, { label: this.#ref.label, kind: key.algorithm });
        if (named !== null) throw named;
        last = error;
      }
    }
    this.close();
    throw this.#lost(last ?? new TokenError('an error after the module was started anew', 'C_Login'));
  }

  async #signOnce(key: SigningKey, digest: Buffer): Promise<Buffer> {
    const handle = await this.find(key);
    if (handle === null) throw new TokenError('no such key', 'C_FindObjects');
    return signDigest(this.#module, this.#alive().session, handle, key.algorithm, digest);
  }

  async generate(request: KeyRequest): Promise<KeyProof> {
    return this.#known(await this.#onToken(request.algorithm, (token) => generateKey(token, request)));
  }

  /** A key pair that was made before; null when the token has none. */
  async findPair(request: KeyRequest): Promise<KeyProof | null> {
    const found = await this.#onToken(request.algorithm, (token) => findKeyPair(token, request));
    return found === null ? null : this.#known(found);
  }

  #known({ proof, handle }: { readonly proof: KeyProof; readonly handle: Handle }): KeyProof {
    this.#alive().handles.set(proof.key.spkiSha256, handle);
    return proof;
  }

  /** What the token says of this key now. KEY_NOT_FOUND. */
  async attributes(key: SigningKey): Promise<KeyProof['attributes']> {
    return this.#onToken(key.algorithm, async (token) => {
      const handle = await this.find(key);
      if (handle === null) throw new Failure('KEY_NOT_FOUND', { label: this.#ref.label, issuer: key.ref.ckaId });
      return provenAttributes(token, handle);
    });
  }

  #token(): TokenSession {
    return { module: this.#module, session: this.#alive().session, tokenLabel: this.#ref.label, quirks: this.#quirks };
  }

  async #onToken<T>(kind: KeyAlgorithm, use: (token: TokenSession) => Promise<T>): Promise<T> {
    try {
      return await use(this.#token());
    } catch (error) {
      const named = this.#named(error, kind);
      if (error instanceof TokenError && named instanceof Failure && named.code === 'TOKEN_FAILED') this.recover();
      throw named;
    }
  }

  digest(key: SigningKey, bytes: Uint8Array): Buffer {
    return digestOf(key.algorithm, bytes);
  }

  /** Asks the token for its name. False when it does not answer to it any more. */
  present(): boolean {
    if (this.#live === null) return false;
    try {
      return isToken(readToken(this.#module, this.#live.slot), this.#ref);
    } catch (error) {
      if (error instanceof TokenError) return false;
      throw error;
    }
  }

  /** A new session, else a new start of the module. TOKEN_ABSENT when the token is not there then, TOKEN_FAILED when it does not let us in. */
  recover(): void {
    if (this.#reopen() || this.#restart()) return;
    throw this.#lost(new TokenError('an error after the module was started anew', 'C_Login'));
  }

  #lost(last: TokenError): unknown {
    return findToken(this.#module, this.#ref) === null ? absent(this.#ref) : tokenFailure(last);
  }

  #forgetHandles(): boolean {
    this.#live?.handles.clear();
    return this.live;
  }

  /** Every handle dies with C_Finalize; no call is in flight, since callers queue. */
  #restart(): boolean {
    this.close();
    try {
      this.#module.restart();
    } catch (error) {
      if (error instanceof TokenError) return false;
      throw error;
    }
    return this.#reopen();
  }

  #reopen(): boolean {
    this.close();
    const token = findToken(this.#module, this.#ref);
    if (token === null) return false;
    // Nobody knows that they should type it now, and the device would wait.
    if (this.#pin === null) throw new Failure('PIN_AGAIN', { label: this.#ref.label });
    try {
      const session = this.#openSession(token);
      try {
        this.#enterPin(session, this.#pin, true);
      } catch (error) {
        this.#quietly('C_CloseSession', session);
        throw error;
      }
      this.#take(token, session);
      return true;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // A PIN that was right and is refused now was changed elsewhere; trying it again would lock the token.
      if (error.ckr.startsWith('CKR_PIN')) throw this.#explain(error, token);
      return false;
    }
  }

  #alive(): Live {
    const live = this.#live;
    if (live?.generation !== this.#module.generation) throw new TokenError('handles of an earlier start', 'C_GetSessionInfo');
    return live;
  }

  /** Logs out and closes as far as the token still listens; handles die here. */
  close(): void {
    const live = this.#live;
    this.#live = null;
    if (live?.generation !== this.#module.generation || this.#module.hung) return;
    this.#quietly('C_Logout', live.session);
    this.#quietly('C_CloseSession', live.session);
  }

  #quietly(method: 'C_Logout' | 'C_CloseSession', session: Handle): void {
    try {
      this.#module.call(method, session);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
    }
  }
}

const isLoggedIn = (error: unknown): boolean => error instanceof TokenError && error.ckr === 'CKR_USER_ALREADY_LOGGED_IN';
