import {
  Failure,
  toFailureData,
  tryOutPin,
  type CallOutput,
  type CallParsed,
  type FailureData,
  type SessionTerms,
  type SignerOutput,
  type SignerParsed,
} from '../contract/index.ts';
import { sha256Hex } from '../der/index.ts';
import { say } from '../log/index.ts';
import { CeremonySigning } from './ceremony-signing.ts';
import { checkCertificate } from './certificate-rules.ts';
import { CrlSigning } from './crl-signing.ts';
import type { Handlers } from './dispatcher.ts';
import { refused, tokenFailure } from './failures.ts';
import { OpenSession, type OpenSessionParts } from './open-session.ts';
import type { SignerMemory } from './memory.ts';
import type { PinPadWait } from './pin-pad.ts';
import { type PinPurpose, PinRequests } from './pin-requests.ts';
import { Pin } from './pin.ts';
import { signRegistration } from './registration-signing.ts';
import type { Quirks } from './quirks.ts';
import { rebind, shownRebind } from './rebind.ts';
import { SessionAccount } from './session-account.ts';
import { SessionQueue } from './session-queue.ts';
import { digestOf, verifiesSoon } from './signature.ts';
import { initSoftwareToken } from './software-token.ts';
import { type CheckedTerms, checkTerms, shownTerms } from './terms.ts';
import { TokenLink } from './token-link.ts';
import type { WrongPins } from './wrong-pins.ts';

export interface SignerParts extends OpenSessionParts {
  readonly wrong: WrongPins;
  readonly quirks: Quirks;
  readonly memory: SignerMemory;
  /** This process is there to look at modules that no signer uses. */
  readonly inspecting: boolean;
  /** `native/pin-pad`; null where it was not built. */
  readonly pinPad: string | null;
  /** Milliseconds that a person has on the PIN pad. */
  readonly pinPadMs: number;
  /** A person has answered this request with the right PIN. */
  readonly pinAnswered: (requestId: string) => void;
  /** Nobody can answer this request any more. */
  readonly pinGone: (requestId: string, failure: FailureData) => void;
}

/** While the token is away the process is renewed so often. */
const renewMs = 5 * 60_000;
const done = {};

/** The signer's calls, one method each, with their inputs parsed already. It enforces, it does not trust (architecture.md). */
export class Signer {
  readonly #parts: SignerParts;
  readonly #queue = new SessionQueue();
  readonly #requests = new PinRequests();
  readonly #session: OpenSession;
  readonly #crls: CrlSigning;
  readonly #ceremony: CeremonySigning;
  /** On the clock that nobody can set. */
  #absentSince: number | null = null;

  constructor(parts: SignerParts) {
    this.#parts = parts;
    this.#session = new OpenSession(parts, this.#queue, () => this.#crls.forget());
    this.#crls = new CrlSigning(this.#session, this.#queue, parts.memory, parts.now);
    this.#ceremony = new CeremonySigning(this.#session, this.#queue, parts.memory);
  }

  /** What the dispatcher calls. */
  handlers(): Handlers {
    return {
      'module.use': (input) => this.useModule(input),
      'token.inspect': (input) => this.inspect(input),
      'token.list': () => this.listTokens(),
      'token.state': () => this.#parts.keeper.state,
      'token.requestInit': (input) => this.requestInit(input),
      'token.requestRebind': (input) => this.requestRebind(input),
      'pin.terms': (input) => this.pinTerms(input),
      'pin.enter': ({ requestId, pin }) => this.enterPin(requestId, pin),
      'pin.onDevice': (input) => this.pinOnDevice(input),
      'pin.cancel': (input) => this.cancelPin(input),
      'pin.tryOut': (input) => this.enterTryOutPin(input),
      'session.request': (input) => this.requestSession(input),
      'session.current': () => this.current(),
      'session.close': (input) => this.closeSession(input),
      'key.generate': (input) => this.#ceremony.generateKey(input),
      'key.find': (input) => this.#ceremony.findKey(input),
      'sign.request': (input) => this.#ceremony.signRequest(input),
      'sign.transcript': (input) => this.#ceremony.signTranscript(input),
      'sign.certificate': (input) => this.signCertificate(input),
      'sign.registration': (input) => signRegistration(this.#session, this.#queue, input),
      'sign.crl.begin': (input) => this.#crls.begin(input),
      'sign.crl.append': (input) => this.#crls.append(input),
      'sign.crl.finish': (input) => this.#crls.finish(input),
    };
  }

  async useModule({ module, watch }: SignerParsed<'module.use'>): Promise<SignerOutput<'module.use'>> {
    await this.#queue.run('urgent', () => {
      this.#session.end('a module was put to use anew');
      this.#parts.keeper.use(module, watch);
    });
    return done;
  }

  async listTokens(): Promise<SignerOutput<'token.list'>> {
    return this.#queue.run('urgent', () => this.#parts.keeper.list());
  }

  /**
   * SESSION_OPEN: a vendor's library may take the process down, and the session with it. MODULE_NOT_ALLOWED for one that is not in use: it is for
   * another process to load it, since its code runs at once.
   */
  async inspect({ module }: SignerParsed<'token.inspect'>): Promise<SignerOutput<'token.inspect'>> {
    return this.#queue.run('urgent', () => {
      if (this.current() !== null) throw new Failure('SESSION_OPEN');
      return this.#parts.keeper.inspect(module, this.#parts.inspecting);
    });
  }

  requestInit({ label }: SignerParsed<'token.requestInit'>): SignerOutput<'token.requestInit'> {
    return this.#ask({ kind: 'init', label });
  }

  requestRebind(terms: SignerParsed<'token.requestRebind'>): SignerOutput<'token.requestRebind'> {
    if (this.current() !== null) throw new Failure('SESSION_OPEN');
    shownRebind(terms);
    return this.#ask({ kind: 'rebind', terms });
  }

  requestSession(terms: SignerParsed<'session.request'>): SignerOutput<'session.request'> {
    if (this.current() !== null) throw new Failure('SESSION_OPEN');
    checkTerms(terms, this.#parts.now());
    this.#mustFit(terms);
    return this.#ask({ kind: 'session', terms });
  }

  #ask(purpose: PinPurpose): SignerOutput<'session.request'> {
    const { requestId, expiresAt } = this.#requests.add(purpose, this.#parts.now());
    return { requestId, expiresAt: new Date(expiresAt).toISOString(), pinPad: this.#hasPinPad(purpose) };
  }

  #hasPinPad(purpose: PinPurpose): boolean {
    if (purpose.kind === 'rebind') return purpose.terms.pinPad;
    return purpose.kind === 'session' && this.#parts.keeper.hasPinPad(purpose.terms.token);
  }

  pinTerms({ requestId }: CallParsed<'pin.terms'>): CallOutput<'pin.terms'> {
    const now = this.#parts.now();
    const purpose = this.#requests.purpose(requestId, now);
    if (purpose.kind === 'init') return purpose;
    return purpose.kind === 'rebind' ? shownRebind(purpose.terms) : shownTerms(checkTerms(purpose.terms, now));
  }

  cancelPin({ requestId }: CallParsed<'pin.cancel'>): CallOutput<'pin.cancel'> {
    this.#requests.cancel(requestId);
    this.#parts.pinGone(requestId, new Failure('CANCELLED', { left: 'as it was' }).toData());
    return done;
  }

  /** Waits for a person at the PIN pad. PIN_PAD_CANCELLED, PIN_PAD_LATE, and what `pin.enter` may fail with. */
  async pinOnDevice({ requestId }: CallParsed<'pin.onDevice'>): Promise<CallOutput<'pin.onDevice'>> {
    return this.#answer(requestId, async (purpose, leave) => {
      if (purpose.kind === 'init') throw new Failure('PIN_PAD_MISSING', { label: purpose.label });
      const { pinPad: library, pinPadMs: ms } = this.#parts;
      if (library === null) throw new Failure('MODULE_NOT_FOUND', { path: 'build/pin-pad/libpin-pad.so' });
      const pad = { library, ms, leave };
      return { session: await this.#granted(purpose, null, pad) };
    });
  }

  async enterPin(requestId: string, pin: Pin): Promise<CallOutput<'pin.enter'>> {
    try {
      return await this.#answer(requestId, async (purpose) => {
        if (purpose.kind !== 'init') return { session: await this.#granted(purpose, pin, null) };
        const { label, serial } = initSoftwareToken(this.#parts.keeper.module, this.#parts.quirks, purpose.label, pin);
        if (this.#parts.keeper.watched === null) this.#parts.keeper.watch({ label, serial });
        return { session: null };
      });
    } finally {
      if (this.#session.now?.pin !== pin) pin.wipe();
    }
  }

  /** The published PIN of try-out tokens. It is never tried on a real HSM: it would use up one of its tries. */
  async enterTryOutPin({ requestId }: SignerParsed<'pin.tryOut'>): Promise<SignerOutput<'pin.tryOut'>> {
    const purpose = this.#requests.purpose(requestId, this.#parts.now());
    // Which module is loaded is for a person to say.
    if (purpose.kind === 'rebind') throw new Failure('PIN_REQUEST_UNKNOWN');
    if (purpose.kind === 'session' && !this.#parts.keeper.isSoftware(purpose.terms.token)) throw new Failure('PIN_REQUEST_UNKNOWN');
    await this.enterPin(requestId, new Pin(Buffer.from(tryOutPin)));
    return done;
  }

  async #answer<T>(requestId: string, use: (purpose: PinPurpose, leave: AbortSignal) => Promise<T>): Promise<T> {
    try {
      const answer = await this.#requests.answer(requestId, this.#parts.now(), (purpose, leave) =>
        this.#queue.run('urgent', () => use(purpose, leave)),
      );
      this.#parts.pinAnswered(requestId);
      return answer;
    } catch (thrown) {
      if (!this.#requests.isOpen(requestId)) this.#parts.pinGone(requestId, toFailureData(thrown));
      throw thrown;
    }
  }

  /** What a person let the signer do by the PIN. Null where no session is opened by it. */
  async #granted(
    purpose: Exclude<PinPurpose, { kind: 'init' }>,
    pin: Pin | null,
    pad: PinPadWait | null,
  ): Promise<SignerOutput<'session.current'>> {
    if (purpose.kind === 'session') return this.#openSession(purpose.terms, pin, pad);
    if (this.current() !== null) throw new Failure('SESSION_OPEN');
    await rebind(this.#parts, purpose.terms, pin, pad);
    return null;
  }

  async #openSession(terms: SessionTerms, pin: Pin | null, pad: PinPadWait | null): Promise<SignerOutput<'session.current'>> {
    const { keeper, wrong, quirks, now } = this.#parts;
    let link: TokenLink | null = null;
    try {
      if (this.current() !== null) throw new Failure('SESSION_OPEN');
      const checked = checkTerms(terms, now());
      this.#mustFit(terms);
      link = new TokenLink({ module: keeper.module, ref: terms.token, pin, wrong, quirks, writable: terms.kind === 'ceremony' });
      await link.open(pad);
      await this.#proveKeys(link, checked);
      for (const { key } of checked.authorities) {
        if (terms.relearn !== null) this.#parts.memory.learn(key.ref, terms.relearn);
        this.#parts.memory.bindPoints(key.ref, key.signer.points);
      }
      this.#session.begin({ account: new SessionAccount(checked, this.#session.moment()), link, pin });
    } catch (error) {
      link?.close();
      keeper.refresh(false);
      throw tokenFailure(error);
    }
    keeper.pin();
    if (keeper.watched === null) keeper.watch(terms.token);
    keeper.refresh(true);
    this.#session.announce();
    return this.current();
  }

  /**
   * What the terms say of keys and lists, against what the signer knows itself. SIGNER_MEMORY_LOST for a key of which nothing is known, where the
   * officer was not asked to believe the station; SESSION_REFUSED for other lists than a key has, and for one that would begin anew.
   */
  #mustFit({ authorities, relearn, issuer, distributionPoints }: SessionTerms): void {
    const { memory } = this.#parts;
    for (const { key } of authorities) {
      const uris = distributionPoints.find(({ ckaId }) => ckaId === key.ckaId)?.uris ?? [];
      memory.mustBePoints(key, uris);
      if (memory.knows(key.spkiSha256)) continue;
      if (relearn === null) throw new Failure('SIGNER_MEMORY_LOST', { issuer });
      const told = relearn.filter(({ ckaId, number }) => ckaId === key.ckaId && number > 0).map(({ uri }) => uri);
      const missing = uris.find((uri) => !told.includes(uri));
      if (missing !== undefined) throw refused(`nobody says above which number the list ${missing} goes on`);
    }
  }

  async #proveKeys(link: TokenLink, { authorities, terms }: CheckedTerms): Promise<void> {
    for (const { key } of authorities)
      if (!(await link.has(key))) throw new Failure('KEY_NOT_FOUND', { label: terms.token.label, issuer: terms.issuer });
  }

  current(): SignerOutput<'session.current'> {
    return this.#session.view();
  }

  async closeSession({ why }: SignerParsed<'session.close'>): Promise<SignerOutput<'session.close'>> {
    await this.#queue.run('urgent', () => {
      this.#session.end(why);
      this.#parts.keeper.refresh(false);
    });
    return done;
  }

  async signCertificate({ key: ref, profile: name, tbs }: SignerParsed<'sign.certificate'>): Promise<SignerOutput<'sign.certificate'>> {
    const open = this.#session.required();
    const { account, link } = open;
    const now = this.#parts.now();
    const [profile, key] = [account.profile(name, ref), account.key(ref)];
    const scope = { ...account.scope, isAuthorityKey: (spki: Uint8Array) => this.#parts.memory.knows(sha256Hex(spki)) };
    const fields = checkCertificate(tbs, profile, key.signer, scope, now);
    const digest = digestOf(key.algorithm, tbs);
    const taken = account.take(now);
    let signed = false;
    try {
      this.#parts.memory.certificate(ref, { ...fields, tbs });
      const signature = await this.#queue.run('usual', () =>
        this.#session.watched(this.#session.required(open), () => link.sign(key, digest)),
      );
      if (!(await verifiesSoon(key.algorithm, key.publicKey, tbs, signature))) throw new Failure('SIGNATURE_INVALID', { method: 'C_Sign' });
      signed = true;
      say('debug', 'signer', 'signed a certificate', { profile: name });
      account.certified(fields);
      return { signature };
    } finally {
      taken.settle(signed);
      account.touch(this.#session.moment());
      if (this.#session.now === open) this.#session.announce();
    }
  }

  /** Looks at clock and token; called every second. While the token works it is plainly there. */
  async look(): Promise<void> {
    if (!this.#queue.idle) return;
    await this.#queue.run('usual', async () => {
      const open = this.#session.now;
      if (open === null) {
        this.#parts.keeper.look();
        this.#renewWhileAbsent();
        return;
      }
      const why = open.account.overdue(this.#session.moment());
      if (why !== null) {
        this.#session.end(why);
        this.#parts.keeper.refresh(false);
        return;
      }
      this.#session.countDown(open);
      if (!open.link.present()) {
        await this.#session
          .watched(open, async () => {
            open.link.recover();
          })
          .catch(() => undefined);
      }
    });
  }

  /** Some modules see a token that came back in a new process only, and nobody can know which. */
  #renewWhileAbsent(): void {
    const { steady, keeper, stuck } = this.#parts;
    if (keeper.state.state !== 'absent') this.#absentSince = null;
    else if (this.#absentSince === null) this.#absentSince = steady();
    else if (steady() - this.#absentSince >= renewMs) {
      this.#absentSince = null;
      stuck();
    }
  }

  async close(): Promise<void> {
    await this.#queue.run('urgent', () => {
      this.#session.end('the signer was stopped');
    });
    this.#parts.keeper.stop();
    this.#parts.memory.close();
  }
}
