import { Failure, type ModuleConfig, type TokenDetails, type TokenRef, type TokenState, type TokenView } from '../contract/index.ts';
import { TokenError } from './cryptoki.ts';
import { type ModuleHooks, Pkcs11Module } from './pkcs11-module.ts';
import { detailsOf, inspectModule, notStarted } from './token-details.ts';
import { absent, type FoundToken, hasPinPad } from './token-info.ts';
import { findToken, listTokens } from './tokens.ts';
import type { PinnedModule } from './pinned-module.ts';
import type { WrongPins } from './wrong-pins.ts';

/** The module in use, the token that is watched, and whether it is there. */
export class TokenKeeper {
  readonly #hooks: ModuleHooks;
  readonly #wrong: WrongPins;
  readonly #pinned: PinnedModule;
  readonly #changed: (state: TokenState) => void;
  #module: Pkcs11Module | null = null;
  #watch: TokenRef | null = null;
  #state: TokenState = { state: 'none', view: null };

  constructor(hooks: ModuleHooks, wrong: WrongPins, pinned: PinnedModule, changed: (state: TokenState) => void) {
    this.#pinned = pinned;
    this.#hooks = hooks;
    this.#wrong = wrong;
    this.#changed = changed;
  }

  get state(): TokenState {
    return this.#state;
  }

  get watched(): TokenRef | null {
    return this.#watch;
  }

  /** The module, which must be in use. MODULE_NOT_FOUND when none was named. */
  get module(): Pkcs11Module {
    if (this.#module === null) throw new Failure('MODULE_NOT_FOUND', { path: 'none' });
    return this.#module;
  }

  /** Puts a module to use. MODULE_NOT_ALLOWED, what loading fails with, MODULE_NOT_STARTED; a watched token that is away is a state and no failure. */
  use(config: ModuleConfig, watch: TokenRef | null): void {
    this.#pinned.mustBe(config);
    this.#load(config, watch);
    this.watch(watch);
  }

  /** Another module for good, once `prove` is through; after a failure none is in use until the station names its own again. */
  async rebind(config: ModuleConfig, watch: TokenRef, prove: (module: Pkcs11Module) => Promise<void>): Promise<void> {
    try {
      await prove(this.#load(config, null));
      this.#pinned.change(config);
    } catch (error) {
      this.stop();
      this.watch(null);
      throw error;
    }
    this.watch(watch);
  }

  #load(config: ModuleConfig, watch: TokenRef | null): Pkcs11Module {
    if (this.#module !== null && JSON.stringify(this.#module.config) === JSON.stringify(config)) return this.#module;
    this.stop();
    const module = Pkcs11Module.load(config, this.#hooks);
    this.#start(module, watch);
    this.#module = module;
    return module;
  }

  #start(module: Pkcs11Module, watch: TokenRef | null): void {
    try {
      module.start();
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // SoftHSM does not start without its folder: with a token to wait for, that is the same as a token pulled.
      if (watch === null) throw notStarted(module.config, error);
    }
  }

  watch(ref: TokenRef | null): void {
    this.#watch = ref;
    this.refresh(false);
  }

  /** A PIN was right: from now on the signer loads this module only. */
  pin(): void {
    this.#pinned.pin(this.module.config);
  }

  /** The tokens of a module, in use or not. MODULE_NOT_ALLOWED. One library has one state in a process, whatever its settings: the one in use is asked as it is. */
  inspect(config: ModuleConfig, mayLoad: boolean): TokenDetails[] {
    if (this.#module !== null && JSON.stringify(this.#module.config) === JSON.stringify(config))
      return detailsOf(this.#module, this.#wrong);
    if (mayLoad) return inspectModule(config, this.#hooks, this.#wrong);
    throw new Failure('MODULE_NOT_ALLOWED', { path: config.path, pinned: this.#module?.config.path ?? 'no module yet' });
  }

  list(): TokenView[] {
    return listTokens(this.module).map(({ info }) => this.#wrong.view(info));
  }

  /** False also where the token is away: whoever asks then is told so when the PIN is there. */
  hasPinPad(ref: TokenRef): boolean {
    const token = this.#find(ref);
    return token !== null && hasPinPad(token.info);
  }

  /** TOKEN_ABSENT where there is no such token to ask. */
  isSoftware(ref: TokenRef): boolean {
    const token = this.#find(ref);
    if (token === null) throw absent(ref);
    return this.#wrong.view(token.info).software;
  }

  #find(ref: TokenRef): FoundToken | null {
    return this.#module === null || this.#module.hung ? null : findToken(this.#module, ref);
  }

  /** Looks at the token as the module shows it now; `open` while a signing session is. */
  refresh(open: boolean): void {
    const module = this.#module;
    if (module === null || this.#watch === null) return this.#set({ state: 'none', view: null });
    if (module.hung) return this.lost();
    const token = findToken(module, this.#watch);
    if (token === null) return this.#set({ state: 'absent', view: this.#state.view });
    this.#set({ state: open ? 'open' : 'locked', view: this.#wrong.view(token.info) });
  }

  /** The token did not answer where it should have: it is absent until `look` finds it. */
  lost(): void {
    this.#set({ state: 'absent', view: this.#state.view });
  }

  /** Without an open session: is it there, is it back? A module learns of a token's return, and some of its leaving, only by a new start. */
  look(): void {
    const module = this.#module;
    if (module === null || module.hung || this.#watch === null) return;
    if (this.#state.state !== 'absent' && findToken(module, this.#watch) !== null) return;
    try {
      module.restart();
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
    }
    this.refresh(false);
  }

  stop(): void {
    try {
      if (this.#module?.hung === false) this.#module.stop();
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
    }
    this.#module = null;
  }

  #set(state: TokenState): void {
    const before = JSON.stringify(this.#state);
    this.#state = state;
    if (JSON.stringify(state) !== before) this.#changed(state);
  }
}
