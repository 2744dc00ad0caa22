import { Failure, stackOf, type SigningSession } from '../../contract/index.ts';
import { say } from '../../log/index.ts';
import type { Backups } from '../backup/index.ts';
import type { Clock } from '../clock.ts';
import { endGracePeriods, giveNotice, hearInUse, inUseFilter, type OwnCertificates } from '../lifecycle/index.ts';
import { endOverdueProofs } from '../line/index.ts';
import type { CrlSet, Publisher } from '../publication/index.ts';
import type { Registry } from '../registry/index.ts';
import { topicRuleOf } from '../topic-rule.ts';
import type { Observer } from '../verify/index.ts';
import type { ClockGuard } from './clock-guard.ts';

export interface UpkeepParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly guard: ClockGuard;
  readonly observer: Observer;
  readonly publisher: Publisher;
  readonly crls: CrlSet;
  readonly own: OwnCertificates;
  readonly backups: Backups;
  readonly session: () => SigningSession | null;
  /** Certificates, grace periods or proofs came to their end. */
  readonly onEnded: () => void;
  readonly onTick: () => void;
}

const tickMs = 5_000;
/** Ends are days away: a look now and then is enough, and at once after a start. */
const lookMs = 10 * 60_000;
const sendMs = 2_000;

const log = (line: string): void => say('warn', 'upkeep', line);

/** The clockwork of a station: what ends is ended, devices are told of it, the station's own certificates are renewed, and a backup is made each day. */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #stopping = new AbortController();
  readonly #notices: NowAndThen;
  readonly #renewals: NowAndThen;
  readonly #backups: NowAndThen;
  readonly #doubts = new Set<string>();
  /** Up to when the ends of certificates were looked at. */
  #lookedAt: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#lookedAt = parts.registry.store.judgedAt();
    this.#notices = new NowAndThen(parts.clock);
    this.#renewals = new NowAndThen(parts.clock);
    this.#backups = new NowAndThen(parts.clock);
  }

  /** Before the observer connects, so that nothing that was said meanwhile is missed; again when the topic rule is another one. */
  listen(): void {
    const { registry, observer } = this.#parts;
    observer.listen(inUseFilter(topicRuleOf(registry.settings)), ({ topic, payload }) => this.#heardInUse(topic, payload));
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopping.abort();
  }

  /** Another session may allow what the last one did not. */
  sessionChanged(): void {
    this.#renewals.soon();
  }

  /** By the clock, and at every start; nothing while the clock is in doubt, none of it can be undone. Returns how much. */
  endWhatIsOver(): number {
    const { registry, guard } = this.#parts;
    if (guard.doubt() !== null) return 0;
    return endGracePeriods(registry) + registry.logins.endRollbacks() + registry.issuers.endRetired().length + endOverdueProofs(registry);
  }

  /** How many certificates ended since the last look, or are good again because the clock was set back. */
  #endsPassed(): number {
    const [now, before] = [this.#parts.registry.store.judgedAt(), this.#lookedAt];
    this.#lookedAt = now;
    return this.#parts.registry.certificates.countEnds(...(before < now ? ([before, now] as const) : ([now, before] as const)));
  }

  #tick(): void {
    const { publisher, crls, guard, session, backups, onEnded, onTick } = this.#parts;
    let ended = 0;
    try {
      guard.save();
      ended = this.endWhatIsOver() + this.#endsPassed();
    } catch (thrown) {
      // A full disk: the next tick tries again. Thrown from a timer it would end the service.
      if (!(thrown instanceof Failure)) throw thrown;
      log(`upkeep: ${thrown.code}: ${stackOf(thrown)}`);
    }
    const isKnown = guard.doubt() === null;
    if (isKnown) void this.#notices.run(() => this.#giveNotice());
    if (isKnown) void this.#renewals.run(() => this.#renewOwn());
    // Whatever the clock says: it only decides when.
    void this.#backups.run(() => backups.daily().then(() => true));
    if (ended > 0) onEnded();
    if (ended > 0 || (isKnown && session() !== null && crls.isDue())) publisher.publishSoon();
    onTick();
  }

  /** Resolves with whether all is told for now. */
  async #giveNotice(): Promise<boolean> {
    const { registry, observer } = this.#parts;
    try {
      const send = (topic: string, payload: string): Promise<void> =>
        observer.publish(topic, payload, { signal: this.#stopping.signal, timeoutMs: sendMs });
      return (await giveNotice({ registry, send, log })) === 0;
    } catch (thrown) {
      if (!this.#stopping.signal.aborted) log(`notices: ${stackOf(thrown)}`);
      return false;
    }
  }

  /** While a session lets them be signed; the last certificate of a small session belongs to whoever opened it. */
  async #renewOwn(): Promise<boolean> {
    const session = this.#parts.session();
    if (session?.kind !== 'issue' || session.quota - session.used < 2) return false;
    try {
      for (const name of this.#parts.own.ends.due()) {
        await this.#parts.own.renew(name, session.operator);
        say('info', 'upkeep', `the certificate of the station’s ${name} was renewed`);
      }
    } catch (thrown) {
      // An alarm says it as long as it lasts; tried again after a while.
      if (!this.#stopping.signal.aborted) log(`the station’s own certificates: ${stackOf(thrown)}`);
    }
    return true;
  }

  #heardInUse(topic: string, payload: Uint8Array): void {
    const { registry } = this.#parts;
    try {
      const heard = hearInUse(registry, topic, payload);
      if (heard !== null && heard.doubt !== null) this.#doubted(heard.device, heard.doubt);
    } catch (thrown) {
      // A full disk: the device says it again, or the grace period ends on the clock.
      log(`rotation: ${stackOf(registry.store.named(thrown))}`);
    }
  }

  /** Said once for each device: whoever has its old key may say anything as often as he likes. */
  #doubted(device: string, doubt: string): void {
    if (this.#doubts.has(device)) return;
    this.#doubts.add(device);
    log(`${device} says that it uses its new certificate, but ${doubt}`);
  }
}

/** Work that is done at once, and again after a while; never twice at a time, and early when the clock was set back. */
class NowAndThen {
  readonly #clock: Clock;
  #running = false;
  #doneAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  soon(): void {
    this.#doneAt = Number.NEGATIVE_INFINITY;
  }

  /** `work` resolves with whether it is done for now; it must not reject. */
  async run(work: () => Promise<boolean>): Promise<void> {
    const since = this.#clock.now() - this.#doneAt;
    if (this.#running || (since >= 0 && since < lookMs)) return;
    this.#running = true;
    if (await work()) this.#doneAt = this.#clock.now();
    this.#running = false;
  }
}
