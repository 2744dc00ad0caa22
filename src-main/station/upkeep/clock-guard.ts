import { Failure, type ClockView } from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { Registry } from '../registry/index.ts';

export interface ClockGuardParts {
  readonly registry: Registry;
  readonly clock: Clock;
  /** Milliseconds that go on evenly, whatever the clock does. */
  readonly monotonic?: () => number;
}

/** Two clocks that differ by less than this agree. */
const nearMs = 10 * 60_000;
/** A station may have been off for so long without anybody telling it the time. */
const offMs = 7 * 86_400_000;
/** What another computer said is believed for so long. */
const freshMs = 86_400_000;
const saveMs = 60_000;

/**
 * Whether the clock of this computer can be believed: by the last time that was known here, and by the clocks of the broker host and of the
 * central databases. While it is in doubt nothing is done by the clock that cannot be undone, and certificates are judged by the last time known.
 */
export class ClockGuard {
  readonly #parts: Required<ClockGuardParts>;
  readonly #told = new Map<string, { readonly time: number; readonly heardAt: number }>();
  /** In memory: a statement that is under way asks for the time. */
  #confirmed: Readonly<Record<string, number>>;
  #known: number;
  #savedAt: number;

  constructor({ registry, clock, monotonic = () => performance.now() }: ClockGuardParts) {
    this.#parts = { registry, clock, monotonic };
    const saved = registry.settings.get('clock.known') ?? registry.store.lastAuditAt();
    this.#known = saved === null ? clock.now() : Date.parse(saved);
    this.#savedAt = this.#known;
    // At once: what is recorded from now on may bear a wrong time.
    registry.settings.set('clock.known', instant(this.#known));
    this.#confirmed = registry.settings.get('clock.confirmed') ?? {};
  }

  /** The time that another computer just told, in milliseconds since the epoch. */
  heard(name: string, time: number): void {
    this.#told.set(name, { time, heardAt: this.#parts.monotonic() });
  }

  /** CLOCK_DOUBTFUL with what each clock says; null while the clock can be believed. */
  doubt(): Failure | null {
    const now = this.#parts.clock.now();
    const others = this.#others();
    const isNear = ({ name, time }: { name: string; time: number }): boolean =>
      Math.abs(time - now) <= nearMs || Math.abs(time - now - (this.#confirmed[name] ?? Number.POSITIVE_INFINITY)) <= nearMs;
    const agrees = others.some(isNear);
    const differing = agrees ? [] : others.map(({ name, time }) => `${name} says ${instant(time)}`);
    const step = now - this.#known;
    const jumped = !agrees && (step < -nearMs || step > offMs) ? [`The last time known here is ${instant(this.#known)}`] : [];
    const problems = [...jumped, ...differing];
    if (problems.length > 0) return new Failure('CLOCK_DOUBTFUL', { now: instant(now), problem: `${problems.join('. ')}.` });
    this.#known = now;
    return null;
  }

  /** By what time certificates are judged. */
  known(): number {
    return this.doubt() === null ? this.#parts.clock.now() : this.#known;
  }

  /** Keeps the time for the next start. */
  save(): void {
    if (this.doubt() !== null || Math.abs(this.#known - this.#savedAt) < saveMs) return;
    this.#savedAt = this.#known;
    this.#parts.registry.settings.set('clock.known', instant(this.#known));
  }

  view(): ClockView {
    const doubt = this.doubt()?.toData() ?? null;
    const others = this.#others().map(({ name, time }) => ({ name, time: instant(time) }));
    return { now: instant(this.#parts.clock.now()), known: instant(this.#known), others, doubt };
  }

  /** The clock of this computer is right, says an officer: also where other clocks differ as they do now. */
  confirm(actor: string): void {
    const { store, settings } = this.#parts.registry;
    const before = this.view();
    const now = this.#parts.clock.now();
    const offsets = Object.fromEntries(this.#others().map(({ name, time }) => [name, time - now]));
    store.transaction(() => {
      settings.set('clock.known', instant(now));
      settings.set('clock.confirmed', offsets);
      store.audit(actor, 'clock.confirm', before.now, { known: before.known, others: before.others });
    });
    this.#confirmed = offsets;
    this.#known = now;
    this.#savedAt = now;
  }

  #others(): { readonly name: string; readonly time: number }[] {
    const now = this.#parts.monotonic();
    return [...this.#told].flatMap(([name, { time, heardAt }]) => (now - heardAt > freshMs ? [] : [{ name, time: time + now - heardAt }]));
  }
}
