import type { KeyObject } from 'node:crypto';
import { Failure, type KeyAlgorithm, type KeyProof, type KeyRef, type TokenRef } from '../contract/index.ts';
import { TokenError, tokenFailure } from './errors.ts';
import { belongs, findKeyPair, findObjects, generateKey, provenAttributes, type KeyRequest, type TokenSession } from './keys.ts';
import type { Pin, WrongPins } from './pin.ts';
import { ck, type Handle, type Pkcs11Module } from './pkcs11.ts';
import type { Quirks } from './quirks.ts';
import { digestOf, signDigest } from './signing.ts';
import { absent, findToken, isToken, pinStateOf, readToken, type FoundToken } from './tokens.ts';

/** A key to sign with: where it is on the token, and the public key that its signatures must verify with. */
export interface SigningKey {
  readonly ref: KeyRef;
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: KeyObject;
}

interface Live {
  readonly slot: Handle;
  readonly session: Handle;
  readonly generation: number;
  readonly handles: Map<string, Handle>;
}

/**
 * A logged-in PKCS#11 session with one token, found anew when it is lost. Not for concurrent use: callers queue.
 * The PIN is only ever used again after the token has accepted it.
 */
export class TokenLink {
  readonly #module: Pkcs11Module;
  readonly #ref: TokenRef;
  readonly #pin: Pin;
  readonly #wrong: WrongPins;
  readonly #quirks: Quirks;
  readonly #writable: boolean;
  #live: Live | null = null;

  constructor(options: { module: Pkcs11Module; ref: TokenRef; pin: Pin; wrong: WrongPins; quirks: Quirks; writable: boolean }) {
    this.#module = options.module;
    this.#ref = options.ref;
    this.#pin = options.pin;
    this.#wrong = options.wrong;
    this.#quirks = options.quirks;
    this.#writable = options.writable;
  }

  /** The officer's entry of the PIN. TOKEN_ABSENT, PIN_WRONG, PIN_LOCKED, PIN_INVALID or TOKEN_FAILED. */
  open(): void {
    const token = findToken(this.#module, this.#ref);
    if (token === null) throw absent(this.#ref);
    const { info } = token;
    if (pinStateOf(info) === 'locked') throw new Failure('PIN_LOCKED', { label: info.label });
    if (pinStateOf(info) === 'not-set') throw new Failure('PIN_NOT_SET', { label: info.label });
    if (this.#wrong.used(info)) throw new Failure('PIN_TRIES_USED', { label: info.label, tries: this.#quirks.assumedTries(info) });
    if (this.#pin.length < info.minPin || this.#pin.length > info.maxPin)
      throw new Failure('PIN_INVALID', { min: info.minPin, max: info.maxPin });
    try {
      this.#login(token, false);
      this.#wrong.right(info);
    } catch (error) {
      throw this.#explain(error, token);
    }
  }

  #login({ slot }: FoundToken, again: boolean): void {
    const flags = ck.CKF_SERIAL_SESSION | (this.#writable ? ck.CKF_RW_SESSION : 0);
    const session = this.#module.call('C_OpenSession', slot, flags);
    try {
      this.#enterPin(session, again);
    } catch (error) {
      this.#quietly('C_CloseSession', session);
      throw error;
    }
    this.#live = { slot, session, generation: this.#module.generation, handles: new Map() };
  }

  #enterPin(session: Handle, again: boolean): void {
    const login = (): void => {
      this.#pin.use((text) => {
        this.#module.call('C_Login', session, ck.CKU_USER, text);
      });
    };
    try {
      login();
    } catch (error) {
      if (!(error instanceof TokenError) || error.ckr !== 'CKR_USER_ALREADY_LOGGED_IN') throw error;
      if (again) return;
      // The PIN has not been looked at: log out first, or a wrong one would open the session.
      this.#module.call('C_Logout', session);
      login();
    }
  }

  #explain(error: unknown, token: FoundToken): unknown {
    if (!(error instanceof TokenError)) return error;
    switch (error.ckr) {
      case 'CKR_PIN_INCORRECT':
      case 'CKR_PIN_INVALID': {
        this.#wrong.wrong(token.info);
        const info = readToken(this.#module, token.slot);
        if (pinStateOf(info) === 'locked') return new Failure('PIN_LOCKED', { label: info.label });
        return new Failure('PIN_WRONG', this.#wrong.left(info));
      }
      case 'CKR_PIN_LOCKED':
        return new Failure('PIN_LOCKED', { label: token.info.label });
      case 'CKR_USER_PIN_NOT_INITIALIZED':
        return new Failure('PIN_NOT_SET', { label: token.info.label });
      case 'CKR_PIN_LEN_RANGE':
        return new Failure('PIN_INVALID', { min: token.info.minPin, max: token.info.maxPin });
      default:
        return tokenFailure(error);
    }
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

  /**
   * One signature over the digest of bytes. On any unexpected answer: new session, then a new start of the module, and once more.
   * TOKEN_ABSENT when the token is gone; TOKEN_FAILED when it is there and refuses.
   */
  async sign(key: SigningKey, digest: Buffer): Promise<Buffer> {
    try {
      return await this.#signOnce(key, digest);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      this.recover();
      return this.#signOnce(key, digest).catch((again: unknown) => {
        throw tokenFailure(again);
      });
    }
  }

  async #signOnce(key: SigningKey, digest: Buffer): Promise<Buffer> {
    const handle = await this.find(key);
    if (handle === null) throw new TokenError('no such key', 'C_FindObjects');
    return signDigest(this.#module, this.#alive().session, handle, key.algorithm, digest);
  }

  async generate(request: KeyRequest): Promise<KeyProof> {
    return this.#known(await this.#onToken((token) => generateKey(token, request)));
  }

  /** A key pair that was made before; null when the token has none. */
  async findPair(request: KeyRequest): Promise<KeyProof | null> {
    const found = await this.#onToken((token) => findKeyPair(token, request));
    return found === null ? null : this.#known(found);
  }

  #known({ proof, handle }: { readonly proof: KeyProof; readonly handle: Handle }): KeyProof {
    this.#alive().handles.set(proof.key.spkiSha256, handle);
    return proof;
  }

  /** What the token says of this key now. KEY_NOT_FOUND. */
  async attributes(key: SigningKey): Promise<KeyProof['attributes']> {
    return this.#onToken(async (token) => {
      const handle = await this.find(key);
      if (handle === null) throw new Failure('KEY_NOT_FOUND', { label: this.#ref.label, issuer: key.ref.ckaId });
      return provenAttributes(token, handle);
    });
  }

  #token(): TokenSession {
    return { module: this.#module, session: this.#alive().session, tokenLabel: this.#ref.label, quirks: this.#quirks };
  }

  async #onToken<T>(use: (token: TokenSession) => Promise<T>): Promise<T> {
    try {
      return await use(this.#token());
    } catch (error) {
      if (error instanceof TokenError) this.recover();
      throw tokenFailure(error);
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

  /** Handles dropped → session opened again → module started anew. TOKEN_ABSENT when the token is not there then. */
  recover(): void {
    this.close();
    if (this.#reopen()) return;
    try {
      this.#module.restart();
    } catch (error) {
      if (error instanceof TokenError) throw absent(this.#ref);
      throw error;
    }
    if (findToken(this.#module, this.#ref) === null) throw absent(this.#ref);
    if (!this.#reopen()) throw new Failure('TOKEN_FAILED', { method: 'C_Login', ckr: 'an error after the module was started anew' });
  }

  #reopen(): boolean {
    const token = findToken(this.#module, this.#ref);
    if (token === null) return false;
    try {
      this.#login(token, true);
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
