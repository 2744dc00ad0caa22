import { Failure, toFailureData, type FailureData, type SlotView, type WorkOrder } from '../../contract/index.ts';
import type { DeviceProfile, SlotPlace } from '../devices/index.ts';
import type { RunRecord } from '../registry/index.ts';
import { Run } from './run.ts';
import type { LineOrder, LineServices, RunEnd, RunInput } from './services.ts';

/** What to make, and on whose word. */
export interface SlotWork extends LineOrder {
  readonly profile: DeviceProfile;
}

export interface SlotContext {
  readonly services: LineServices;
  /** What to make, or why nothing can be made now. */
  work(): SlotWork | FailureData;
  profileOf(order: WorkOrder): DeviceProfile;
  changed(view: SlotView): void;
}

const fresh = (place: SlotPlace, label: string | null): SlotView => ({
  slot: place.slot,
  path: place.path,
  label,
  state: 'EMPTY',
  unit: null,
  device: null,
  run: null,
  step: null,
  progress: null,
  steps: [],
  ms: 0,
  startedAt: null,
  failure: null,
  certificateRevoked: false,
  proofLevel: null,
  gaps: [],
  deadline: null,
  earlier: null,
});

/** One position of the fixture: what is in it, and the run that is under way there. */
export class Slot {
  readonly #context: SlotContext;
  readonly #place: SlotPlace;
  #view: SlotView;
  #running: Promise<void> | null = null;
  #abort = new AbortController();
  #plugged = false;
  /** The unit was here before this station was started: what it passed with there it has still. */
  #wasHere = false;
  /** The device that the unit here is to be, as its label says. */
  #label: string | null = null;
  #waiting: { present: boolean; resolve: () => void }[] = [];

  constructor(context: SlotContext, place: SlotPlace) {
    this.#context = context;
    this.#place = place;
    this.#view = fresh(place, null);
  }

  get view(): SlotView {
    return this.#view;
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  /** Resolves when no run is under way. */
  get idle(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** A unit is here; `wasHere`: since before the station was started. */
  plug(wasHere = false): void {
    this.#setPlugged(true);
    this.#wasHere = wasHere;
    // A unit that went away and came back during its run is the run's business: it resumes or fails there.
    if (this.#running !== null) return;
    this.#set({ ...fresh(this.#place, this.#label), state: 'READY' });
    this.tryStart();
  }

  /** Resolves when a unit is here, or when none is. */
  whenPlugged(present: boolean): Promise<void> {
    return this.#plugged === present ? Promise.resolve() : new Promise((resolve) => void this.#waiting.push({ present, resolve }));
  }

  #setPlugged(plugged: boolean): void {
    this.#plugged = plugged;
    for (const one of this.#waiting) if (one.present === plugged) one.resolve();
    this.#waiting = this.#waiting.filter((one) => one.present !== plugged);
  }

  unplug(): void {
    this.#setPlugged(false);
    this.#wasHere = false;
    // A label that no run has used yet is for the unit that comes.
    if (this.#running === null && this.#view.run !== null) this.#label = null;
    if (this.#running === null) this.#set(fresh(this.#place, this.#label));
  }

  /** Starts the unit that waits here, if anything can be made now; otherwise says why not. */
  tryStart(): void {
    if (this.#view.state !== 'READY' || this.#running !== null) return;
    const work = this.#context.work();
    if ('code' in work) this.#set({ ...this.#view, failure: work });
    else this.#start(work, false);
  }

  /** What the label of the unit says that is here or comes next; null: nothing, it gets the next number. SLOT_RUNNING. */
  label(device: string | null): void {
    if (this.#running !== null) throw new Failure('SLOT_RUNNING', { slot: this.#place.slot });
    this.#label = device;
    this.#set({ ...this.#view, label: device });
  }

  /** FAIL, NOT_VERIFIED or HAS_IDENTITY → the same unit once more, on the word of `actor`. */
  again(reprovision: boolean, actor: string): void {
    if (!this.#plugged || this.#running !== null)
      throw new Failure('INVALID_INPUT', { field: 'slot', problem: `slot ${String(this.#place.slot)} has no waiting unit` });
    this.#set({ ...fresh(this.#place, this.#label), state: 'READY' });
    const work = this.#context.work();
    if ('code' in work) throw Failure.fromData(work);
    this.#start({ ...work, actor }, reprovision);
  }

  /** The unit is to be taken out; a run in progress is stopped first. */
  async reject(): Promise<void> {
    await this.cancel();
    const { unit, device } = this.#view;
    this.#set(this.#plugged ? { ...fresh(this.#place, this.#label), state: 'REMOVE', unit, device } : fresh(this.#place, this.#label));
  }

  /** The device in this slot has no valid certificate any more: what it passed with counts for nothing. */
  revoked(): void {
    if (this.#view.state !== 'PASS') return;
    const { unit, device } = this.#view;
    this.#set({ ...fresh(this.#place, this.#label), state: 'REMOVE', unit, device, certificateRevoked: true });
  }

  async cancel(): Promise<void> {
    this.#abort.abort();
    await this.idle;
  }

  /** Proves a NOT_VERIFIED run with the unit in this slot. Waits for a run in progress first. */
  async prove(run: RunRecord, order: WorkOrder, actor: string): Promise<void> {
    while (this.#running !== null) await this.#running;
    // Somebody else may have asked for the same, and got it meanwhile.
    if (this.#context.services.registry.runs.get(run.id)?.verdict !== 'NOT_VERIFIED') return;
    const work = { order, actor, profile: this.#context.profileOf(order) };
    this.#begin();
    this.#running = this.#finish(this.#resume(run, work));
    await this.#running;
  }

  #resume(run: RunRecord, work: SlotWork): Promise<RunEnd> {
    this.#set({ ...this.#view, run: run.id, device: run.device, steps: [] });
    return new Run(this.#context.services, { ...this.#input(work), reprovision: false, label: null }, run).resumeProof(run);
  }

  #start(work: SlotWork, reprovision: boolean): void {
    this.#begin();
    const run = new Run(this.#context.services, { ...this.#input(work), reprovision, label: this.#label });
    this.#set({ ...this.#view, run: run.id });
    this.#running = this.#finish(run.provision().then((end) => (end.verdict === 'WAITS_FOR_PROOF' ? this.#resume(end.run, work) : end)));
  }

  #begin(): void {
    this.#abort = new AbortController();
    this.#set({ ...fresh(this.#place, this.#label), state: 'RUNNING', startedAt: this.#context.services.registry.now() });
  }

  #input(work: SlotWork): Omit<RunInput, 'reprovision' | 'label'> {
    return { ...this.#place, ...work, signal: this.#abort.signal, report: this.#report() };
  }

  #report(): RunInput['report'] {
    return {
      step: (step) => this.#set({ ...this.#view, step, progress: null }),
      done: (step, ms) => this.#set({ ...this.#view, steps: [...this.#view.steps, { step, ms }], ms: this.#elapsed() }),
      progress: (progress) => this.#set({ ...this.#view, progress }),
      unit: (unit) => this.#set({ ...this.#view, unit }),
      device: (device) => this.#set({ ...this.#view, device }),
    };
  }

  #elapsed(): number {
    return this.#view.startedAt === null ? 0 : this.#context.services.clock.now() - Date.parse(this.#view.startedAt);
  }

  async #finish(ending: Promise<RunEnd>): Promise<void> {
    let after: Partial<SlotView>;
    try {
      const end = await ending;
      after = this.#passedEarlier(end) ?? ended(end);
    } catch (thrown) {
      // Not even the verdict could be recorded (a full disk): the run stays open in the journal and is ended at the next start.
      after = { state: 'FAIL', failure: toFailureData(this.#context.services.registry.store.named(thrown)) };
    }
    this.#running = null;
    const view = { ...this.#view, ms: this.#elapsed(), progress: null, ...after };
    if (!this.#plugged) this.#label = null;
    // A unit that was taken out before its verdict leaves the verdict on the screen until the next one comes.
    this.#set(view);
  }

  /** The unit of the last run here, which passed, and whose certificate is valid: no question, but the PASS that it was. */
  #passedEarlier(end: RunEnd): Partial<SlotView> | null {
    if (end.verdict !== 'HAS_IDENTITY' || end.device === null || !end.held || !this.#wasHere) return null;
    const { runs, certificates } = this.#context.services.registry;
    const last = runs.lastIn(this.#place.slot);
    if (last === null || last.verdict !== 'PASS' || last.device !== end.device || last.endedAt === null) return null;
    if (last.serial === null || certificates.get(last.serial)?.status !== 'ACTIVE') return null;
    return {
      state: 'PASS',
      device: end.device,
      run: last.id,
      steps: runs.steps(last.id),
      proofLevel: last.proofLevel,
      gaps: [...last.gaps],
      earlier: { at: last.endedAt, order: last.order },
    };
  }

  #set(view: SlotView): void {
    this.#view = view;
    this.#context.changed(view);
  }
}

function ended(end: RunEnd): Partial<SlotView> {
  switch (end.verdict) {
    case 'PASS':
      return { state: 'PASS', proofLevel: end.proofLevel, gaps: [...end.gaps] };
    case 'FAIL':
      return { state: 'FAIL', failure: end.failure, certificateRevoked: end.certificateRevoked };
    case 'NOT_VERIFIED':
      return { state: 'NOT_VERIFIED', failure: end.failure, deadline: end.deadline };
    case 'WAITS_FOR_PROOF':
      return { state: 'NOT_VERIFIED', deadline: end.run.deadline };
    case 'HAS_IDENTITY':
      return {
        state: 'HAS_IDENTITY',
        failure: new Failure('HAS_IDENTITY', { device: end.device ?? 'known elsewhere' }).toData(),
        device: end.device,
      };
  }
}
