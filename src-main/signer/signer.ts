import { randomUUID } from 'node:crypto';
import {
  Failure,
  KeyRef,
  unwrap,
  type CallOutput,
  type CallParsed,
  type SessionEnd,
  type SessionTerms,
  type SignerOutput,
  type SignerParsed,
  type SigningSession,
} from '../contract/index.ts';
import { CrlStream } from './crl-rules.ts';
import { refused, tokenFailure } from './errors.ts';
import { initSoftwareToken } from './init-token.ts';
import type { TokenKeeper } from './keeper.ts';
import { TokenLink, type SigningKey } from './link.ts';
import type { PinPadWait } from './pin-pad.ts';
import { Pin, PinRequests, type PinPurpose, type WrongPins } from './pin.ts';
import { SessionQueue } from './queue.ts';
import type { Quirks } from './quirks.ts';
import { checkRequest } from './request-rules.ts';
import { checkCertificate } from './rules.ts';
import { checkTerms, SessionAccount, type CheckedTerms, type Moment } from './session.ts';
import { digestOf, verifies, verifiesSoon } from './signing.ts';
import { absent } from './tokens.ts';
import { checkTranscript } from './transcript-rules.ts';

export interface SignerParts {
  readonly now: () => number;
  /** Milliseconds of a clock that nobody can set. */
  readonly steady: () => number;
  readonly keeper: TokenKeeper;
  readonly wrong: WrongPins;
  readonly quirks: Quirks;
  readonly sessionChanged: (session: SignerOutput<'session.current'>) => void;
  /** `native/pin-pad`; null where it was not built. */
  readonly pinPad: string | null;
  /** Milliseconds that a person has on the PIN pad. */
  readonly pinPadMs: number;
  /** The module needs a new process: nothing else may help it. */
  readonly stuck: () => void;
  readonly sessionEnded: (ended: { session: SigningSession; end: SessionEnd }) => void;
}

interface Open {
  readonly account: SessionAccount;
  readonly link: TokenLink;
  /** Null when it was typed on the device. */
  readonly pin: Pin | null;
}

const maxStreams = 4;
/** While the token is away the process is renewed so often. */
const renewMs = 5 * 60_000;
const done = {};

/** The signer's calls, one method each, with their inputs parsed already. It enforces, it does not trust (architecture.md). */
export class Signer {
  readonly #parts: SignerParts;
  readonly #queue = new SessionQueue();
  readonly #requests = new PinRequests();
  readonly #streams = new Map<string, CrlStream>();
  /** The highest CRL number signed for each key and distribution point by this process. */
  readonly #numbers = new Map<string, number>();
  #open: Open | null = null;
  #ended: string | null = null;
  #toldMinutes = -1;
  /** On the clock that nobody can set. */
  #absentSince: number | null = null;

  constructor(parts: SignerParts) {
    this.#parts = parts;
  }

  async useModule({ module, watch }: SignerParsed<'module.use'>): Promise<SignerOutput<'module.use'>> {
    await this.#queue.run('urgent', () => {
      this.#end('a module was put to use anew');
      this.#parts.keeper.use(module, watch);
    });
    return done;
  }

  async listTokens(): Promise<SignerOutput<'token.list'>> {
    return this.#queue.run('urgent', () => this.#parts.keeper.list());
  }

  /** SESSION_OPEN: a vendor's library may take the process down, and the session with it. */
  async inspect({ module }: SignerParsed<'token.inspect'>): Promise<SignerOutput<'token.inspect'>> {
    return this.#queue.run('urgent', () => {
      if (this.current() !== null) throw new Failure('SESSION_OPEN');
      return this.#parts.keeper.inspect(module);
    });
  }

  requestInit({ label }: SignerParsed<'token.requestInit'>): SignerOutput<'token.requestInit'> {
    return this.#ask({ kind: 'init', label });
  }

  requestSession(terms: SignerParsed<'session.request'>): SignerOutput<'session.request'> {
    if (this.current() !== null) throw new Failure('SESSION_OPEN');
    checkTerms(terms, this.#parts.now());
    return this.#ask({ kind: 'session', terms });
  }

  #ask(purpose: PinPurpose): SignerOutput<'session.request'> {
    const { requestId, expiresAt } = this.#requests.add(purpose, this.#parts.now());
    const pinPad = purpose.kind === 'session' && this.#parts.keeper.hasPinPad(purpose.terms.token);
    return { requestId, expiresAt: new Date(expiresAt).toISOString(), pinPad };
  }

  cancelPin({ requestId }: CallParsed<'pin.cancel'>): CallOutput<'pin.cancel'> {
    this.#requests.cancel(requestId);
    return done;
  }

  /** Waits for a person at the PIN pad. PIN_PAD_CANCELLED, PIN_PAD_LATE, and what `pin.enter` may fail with. */
  async pinOnDevice({ requestId }: CallParsed<'pin.onDevice'>): Promise<CallOutput<'pin.onDevice'>> {
    return this.#requests.answer(requestId, this.#parts.now(), (purpose, leave) =>
      this.#queue.run('urgent', async () => {
        if (purpose.kind !== 'session') throw new Failure('PIN_PAD_MISSING', { label: purpose.label });
        const { pinPad: library, pinPadMs: ms } = this.#parts;
        if (library === null) throw new Failure('MODULE_NOT_FOUND', { path: 'build/pin-pad/libpin-pad.so' });
        return { session: await this.#openSession(purpose.terms, null, { library, ms, leave }) };
      }),
    );
  }

  async enterPin({ requestId, pin: text }: CallParsed<'pin.enter'>): Promise<CallOutput<'pin.enter'>> {
    return this.#requests.answer(requestId, this.#parts.now(), (purpose) =>
      this.#queue.run('urgent', async () => {
        const pin = new Pin(text);
        if (purpose.kind === 'session') return { session: await this.#openSession(purpose.terms, pin, null) };
        try {
          const { label, serial } = initSoftwareToken(this.#parts.keeper.module, this.#parts.quirks, purpose.label, pin);
          if (this.#parts.keeper.watched === null) this.#parts.keeper.watch({ label, serial });
          return { session: null };
        } finally {
          pin.wipe();
        }
      }),
    );
  }

  async #openSession(terms: SessionTerms, pin: Pin | null, pad: PinPadWait | null): Promise<SignerOutput<'session.current'>> {
    const { keeper, wrong, quirks, now } = this.#parts;
    let link: TokenLink | null = null;
    try {
      if (this.current() !== null) throw new Failure('SESSION_OPEN');
      const checked = checkTerms(terms, now());
      link = new TokenLink({ module: keeper.module, ref: terms.token, pin, wrong, quirks, writable: terms.kind === 'ceremony' });
      await link.open(pad);
      await this.#proveKeys(link, checked);
      this.#open = { account: new SessionAccount(checked, this.#moment()), link, pin };
    } catch (error) {
      link?.close();
      pin?.wipe();
      keeper.refresh(false);
      throw tokenFailure(error);
    }
    this.#ended = null;
    if (keeper.watched === null) keeper.watch(terms.token);
    keeper.refresh(true);
    this.#announce();
    return this.current();
  }

  async #proveKeys(link: TokenLink, { authorities, terms }: CheckedTerms): Promise<void> {
    for (const { key } of authorities)
      if (!(await link.has(key))) throw new Failure('KEY_NOT_FOUND', { label: terms.token.label, issuer: terms.issuer });
  }

  current(): SignerOutput<'session.current'> {
    return this.#open?.account.view() ?? null;
  }

  async closeSession({ why }: SignerParsed<'session.close'>): Promise<SignerOutput<'session.close'>> {
    await this.#queue.run('urgent', () => {
      this.#end(why);
      this.#parts.keeper.refresh(false);
    });
    return done;
  }

  async generateKey({ ckaId, label, algorithm }: SignerParsed<'key.generate'>): Promise<SignerOutput<'key.generate'>> {
    return this.#inCeremony(ckaId, async (open) => {
      const proof = await open.link.generate({ ckaId, label, algorithm });
      open.account.addKey(proof);
      return proof;
    });
  }

  async findKey({ ckaId, label, algorithm }: SignerParsed<'key.find'>): Promise<SignerOutput<'key.find'>> {
    return this.#inCeremony(ckaId, async (open) => {
      const proof = await open.link.findPair({ ckaId, label, algorithm });
      if (proof !== null) open.account.addKey(proof);
      return proof;
    });
  }

  async #inCeremony<T>(ckaId: string, work: (open: Open) => Promise<T>): Promise<T> {
    if (!KeyRef.shape.ckaId.safeParse(ckaId).success || ckaId.length % 2 !== 0)
      throw new Failure('INVALID_INPUT', { field: 'ckaId', problem: 'it must be 1 to 32 bytes in lower-case hex' });
    return this.#queue.run('usual', async () => {
      const open = this.#ceremony();
      const result = await this.#watched(open, () => work(open));
      open.account.touch(this.#moment());
      return result;
    });
  }

  #ceremony(): Open {
    const open = this.#required();
    if (open.account.terms.kind !== 'ceremony') throw refused('this is for a ceremony only');
    return open;
  }

  async signRequest({ key: ref, info }: SignerParsed<'sign.request'>): Promise<SignerOutput<'sign.request'>> {
    const key = this.#ceremony().account.key(ref);
    checkRequest(info, key.signer);
    return this.#signed(key, info, () => undefined);
  }

  async signTranscript({ key: ref, transcript }: SignerParsed<'sign.transcript'>): Promise<SignerOutput<'sign.transcript'>> {
    const key = this.#ceremony().account.key(ref);
    return this.#signed(key, transcript, async (open) => checkTranscript(transcript, ref, await open.link.attributes(key)));
  }

  /** One signature in a ceremony that is no certificate, so that it counts for no quota. */
  async #signed(key: SigningKey, bytes: Uint8Array, check: (open: Open) => void | Promise<void>): Promise<{ signature: Uint8Array }> {
    return this.#queue.run('usual', async () => {
      const open = this.#ceremony();
      const signature = await this.#watched(open, async () => {
        await check(open);
        return open.link.sign(key, digestOf(key.algorithm, bytes));
      });
      if (!verifies(key.algorithm, key.publicKey, bytes, signature)) throw new Failure('SIGNATURE_INVALID', { method: 'C_Sign' });
      open.account.touch(this.#moment());
      return { signature };
    });
  }

  async signCertificate({ key: ref, profile: name, tbs }: SignerParsed<'sign.certificate'>): Promise<SignerOutput<'sign.certificate'>> {
    const open = this.#required();
    const { account, link } = open;
    const now = this.#parts.now();
    const [profile, key] = [account.profile(name, ref), account.key(ref)];
    const fields = checkCertificate(tbs, profile, key.signer, now);
    const digest = digestOf(key.algorithm, tbs);
    const taken = account.take(now);
    let signed = false;
    try {
      const signature = await this.#queue.run('usual', () => this.#watched(this.#required(open), () => link.sign(key, digest)));
      if (!(await verifiesSoon(key.algorithm, key.publicKey, tbs, signature))) throw new Failure('SIGNATURE_INVALID', { method: 'C_Sign' });
      signed = true;
      account.certified(fields);
      return { signature };
    } finally {
      taken.settle(signed);
      account.touch(this.#moment());
      if (this.#open === open) this.#announce();
    }
  }

  beginCrl({ key: ref }: SignerParsed<'sign.crl.begin'>): SignerOutput<'sign.crl.begin'> {
    const key = this.#required().account.key(ref);
    // Whoever began the oldest has left it: a station that crashed, or whose disk was full.
    const [oldest] = this.#streams.keys();
    if (this.#streams.size >= maxStreams && oldest !== undefined) this.#streams.delete(oldest);
    const streamId = randomUUID();
    this.#streams.set(streamId, new CrlStream(key, (point) => this.#lastNumber(ref, point), this.#parts.now()));
    return { streamId };
  }

  appendCrl({ streamId, chunk }: SignerParsed<'sign.crl.append'>): SignerOutput<'sign.crl.append'> {
    try {
      this.#stream(streamId).append(chunk);
      return done;
    } catch (error) {
      this.#streams.delete(streamId);
      throw error;
    }
  }

  async finishCrl({ streamId }: SignerParsed<'sign.crl.finish'>): Promise<SignerOutput<'sign.crl.finish'>> {
    const stream = this.#stream(streamId);
    this.#streams.delete(streamId);
    const { number, point, digest, verifies: fits } = stream.finish();
    const { key } = stream;
    return this.#queue.run('urgent', async () => {
      const open = this.#required();
      if (number <= this.#lastNumber(key.ref, point)) throw refused(`a revocation list with number ${number} was signed already`);
      this.#numbers.set(`${key.ref.spkiSha256} ${point}`, number);
      const signature = await this.#watched(open, () => open.link.sign(key, digest));
      if (!fits(signature)) throw new Failure('SIGNATURE_INVALID', { method: 'C_Sign' });
      open.account.touch(this.#moment());
      return { signature };
    });
  }

  #lastNumber({ spkiSha256 }: KeyRef, point: string): number {
    return this.#numbers.get(`${spkiSha256} ${point}`) ?? 0;
  }

  #stream(id: string): CrlStream {
    this.#required();
    const stream = this.#streams.get(id);
    if (stream === undefined) throw new Failure('NOT_FOUND', { kind: 'revocation list being signed', id });
    return stream;
  }

  /** Looks at clock and token; called every second. While the token works it is plainly there. */
  async look(): Promise<void> {
    if (!this.#queue.idle) return;
    await this.#queue.run('usual', async () => {
      const open = this.#open;
      if (open === null) {
        this.#parts.keeper.look();
        this.#renewWhileAbsent();
        return;
      }
      const why = open.account.overdue(this.#moment());
      if (why !== null) {
        this.#end(why);
        this.#parts.keeper.refresh(false);
        return;
      }
      this.#countDown(open);
      if (!open.link.present()) {
        await this.#watched(open, async () => {
          open.link.recover();
        }).catch(() => undefined);
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

  /** Told each minute, besides each use: whoever shows what is left need not ask. */
  #countDown({ account }: Open): void {
    const minutes = account.minutesLeft(this.#moment());
    if (minutes === this.#toldMinutes) return;
    this.#toldMinutes = minutes;
    this.#announce();
  }

  #moment(): Moment {
    return { wall: this.#parts.now(), steady: this.#parts.steady() };
  }

  async close(): Promise<void> {
    await this.#queue.run('urgent', () => {
      this.#end('the signer was stopped');
    });
    this.#parts.keeper.stop();
  }

  /** The open session, still within its time; `expected` when it must be the one that was open before. */
  #required(expected?: Open): Open {
    const open = this.#open;
    const why = open?.account.overdue(this.#moment()) ?? null;
    if (open !== null && why === null && (expected === undefined || expected === open)) return open;
    if (why !== null) {
      // Not at once: a call may be in flight on the session that this would close.
      void this.#queue.run('urgent', () => {
        this.#end(why, open);
        this.#parts.keeper.refresh(false);
      });
      throw new Failure('SESSION_ENDED', { why });
    }
    const { state, view } = this.#parts.keeper.state;
    if (state === 'absent') throw absent(view ?? unwrap(this.#parts.keeper.watched, 'a token is absent that nobody watches'));
    throw this.#ended === null ? new Failure('SESSION_NONE') : new Failure('SESSION_ENDED', { why: this.#ended });
  }

  /** Runs a use of the token. When the token is gone or hangs the session ends with it, and the PIN is wiped. */
  async #watched<T>(open: Open, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      const code = error instanceof Failure ? error.code : null;
      if (code === 'TOKEN_ABSENT') {
        this.#end('the token was removed', open);
        this.#parts.keeper.lost();
        this.#parts.stuck();
      } else if (error instanceof Failure && !open.link.live) {
        this.#end(`the token failed (${error.code})`, open);
        if (code === 'TOKEN_FAILED') this.#parts.stuck();
      }
      throw error;
    }
  }

  #end(why: string, open = this.#open): void {
    if (open === null || open !== this.#open) return;
    this.#open = null;
    this.#ended = why;
    this.#parts.sessionEnded({ session: open.account.view(), end: { at: new Date(this.#parts.now()).toISOString(), why } });
    this.#streams.clear();
    open.link.close();
    open.pin?.wipe();
    this.#announce();
  }

  #announce(): void {
    this.#parts.sessionChanged(this.current());
  }
}
