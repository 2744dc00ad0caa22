import { Failure, unwrap, type FailureData, type SlotView, type Verdict, type WorkOrder } from '../../contract/index.ts';
import type { DeviceProfile, PlugWatcher, SlotPlace } from '../devices/index.ts';
import { topicRuleOf } from '../topic-rule.ts';
import { newNonce } from './nonce.ts';
import { Slot, type SlotContext, type SlotWork } from './slot.ts';
import type { LineOrder, LineServices } from './services.ts';

export interface LineOptions {
  readonly services: LineServices;
  readonly places: readonly SlotPlace[];
  readonly watcher: PlugWatcher;
  readonly profiles: { get(name: string): DeviceProfile | undefined };
  /** The order on the line, or why nothing can be made now. */
  readonly ready: () => LineOrder | FailureData;
  readonly onSlot: (view: SlotView) => void;
  /** False: units are watched, but nothing starts by itself (the CLI's commands other than provision and demo). */
  readonly auto: boolean;
}

export interface ProofResult {
  readonly device: string;
  readonly slot: number | null;
  readonly verdict: Verdict;
  readonly code: string | null;
}

/** What a unit says of its own way to the broker. */
export interface UnitConnection {
  readonly device: string;
  readonly slot: number;
  readonly connected: boolean;
  readonly stage: string;
  readonly detail: string;
}

/** All slots of the station; one bad unit never stops the others. */
export class Line {
  readonly #options: LineOptions;
  readonly #slots: Map<number, Slot>;
  readonly #context: SlotContext;
  #isStarting = true;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#context = {
      services: options.services,
      work: () => this.#work(),
      profileOf: (order: WorkOrder) => this.#profile(order),
      changed: options.onSlot,
    };
    this.#slots = new Map(options.places.map((place) => [place.slot, new Slot(this.#context, place)]));
  }

  /** Looks at the slots from now on. A unit that is in one already may begin before this returns. */
  start(): void {
    const { watcher } = this.#options;
    watcher.on((number, plugged) => {
      const slot = this.#slots.get(number);
      if (plugged) slot?.plug(this.#isStarting);
      else slot?.unplug();
    });
    for (const [number, slot] of this.#slots) if (watcher.isPlugged(number)) slot.plug(true);
  }

  /** All units that were there before are in their slots; who comes from now on was plugged in by somebody. */
  started(): void {
    this.#isStarting = false;
  }

  views(): SlotView[] {
    return [...this.#slots.values()].map((slot) => slot.view).sort((a, b) => a.slot - b.slot);
  }

  /**
   * The fixture was changed: slots that stay where they are go on, the others begin anew.
   * @throws Failure SLOT_RUNNING when one of those has a unit under way; nothing is changed then.
   */
  rearrange(places: readonly SlotPlace[]): void {
    const kept = (place: SlotPlace): boolean => this.#slots.get(place.slot)?.view.path === place.path;
    const gone = [...this.#slots.values()].filter(({ view }) => !places.some((place) => place.slot === view.slot && kept(place)));
    const running = gone.find(({ view }) => view.state === 'RUNNING');
    if (running !== undefined) throw new Failure('SLOT_RUNNING', { slot: running.view.slot });
    for (const { view } of gone) this.#slots.delete(view.slot);
    this.#options.watcher.watch(places);
    for (const place of places) if (!this.#slots.has(place.slot)) this.#slots.set(place.slot, new Slot(this.#context, place));
  }

  /** Something that held units back may have changed: a session was opened, an order chosen. */
  poke(): void {
    for (const slot of this.#slots.values()) slot.tryStart();
  }

  retry(number: number, actor: string): SlotView {
    const slot = this.#slot(number);
    const waiting =
      slot.view.state === 'NOT_VERIFIED'
        ? this.#options.services.registry.runs.notVerified().find((run) => run.id === slot.view.run)
        : undefined;
    if (waiting === undefined) slot.again(false, actor);
    else void slot.prove(waiting, this.#order(waiting.order), actor);
    return slot.view;
  }

  reprovision(number: number, actor: string): SlotView {
    const slot = this.#slot(number);
    slot.again(true, actor);
    return slot.view;
  }

  /** The unit that is in this slot, or comes next, is this device. */
  label(number: number, device: string | null): SlotView {
    const slot = this.#slot(number);
    slot.label(device);
    return slot.view;
  }

  async reject(number: number): Promise<SlotView> {
    await this.#slot(number).reject();
    return this.#slot(number).view;
  }

  /** A device was revoked: where it stands in a slot as PASS, it does so no longer. */
  revoked(device: string): void {
    for (const slot of this.#slots.values()) if (slot.view.device === device) slot.revoked();
  }

  async cancel(number: number): Promise<SlotView> {
    await this.#slot(number).cancel();
    return this.#slot(number).view;
  }

  /** Proves every NOT_VERIFIED run whose unit is in a slot; the others are reported as they are. */
  async proveOutstanding(actor: string): Promise<ProofResult[]> {
    const { runs } = this.#options.services.registry;
    const waiting = runs.notVerified();
    const profiles = [...new Set(waiting.map((run) => this.#profile(this.#order(run.order))))];
    const bySlot = await this.#whoIsWhere(waiting.length === 0 ? [] : [...this.#slots.values()].filter((slot) => slot.plugged), profiles);
    return Promise.all(
      waiting.map(async (run) => {
        const slot = bySlot.get(run.hardwareId ?? '');
        if (slot !== undefined) await slot.prove(run, this.#order(run.order), actor);
        const after = unwrap(runs.get(run.id), 'a run is never deleted');
        return {
          device: run.device ?? '',
          slot: slot?.view.slot ?? null,
          verdict: after.verdict ?? 'NOT_VERIFIED',
          code: after.failure?.code ?? null,
        };
      }),
    );
  }

  /** NOT_FOUND when no such device profile is installed. */
  profile(name: string): DeviceProfile {
    const profile = this.#options.profiles.get(name);
    if (profile === undefined) throw new Failure('NOT_FOUND', { kind: 'device profile', id: name });
    return profile;
  }

  /** Resolves when the watcher has seen that a unit is in this slot, or that none is. */
  plugged(number: number, present: boolean): Promise<void> {
    return this.#slot(number).whenPlugged(present);
  }

  /** Asks the unit in a slot to connect again with its own key; whatever its verdict is, it stays. */
  async selfTest(number: number, signal: AbortSignal): Promise<UnitConnection> {
    const slot = this.#slot(number);
    await slot.idle;
    const { device } = slot.view;
    if (device === null) throw new Failure('NOT_FOUND', { kind: 'device in slot', id: String(number) });
    return this.#connect(slot, device, signal);
  }

  /** The same by device, wherever its unit is plugged in. DEVICE_KEY_NEEDED when it is nowhere: nobody else has its key. */
  async selfTestOf(device: string, signal: AbortSignal): Promise<UnitConnection> {
    const known = this.#options.services.registry.devices.get(device);
    const order = known?.order ?? null;
    const places =
      order === null
        ? new Map<string, Slot>()
        : await this.#whoIsWhere(
            [...this.#slots.values()].filter((slot) => slot.plugged),
            [this.#profile(this.#order(order))],
          );
    const slot = places.get(known?.hardwareId ?? '');
    if (slot === undefined) throw new Failure('DEVICE_KEY_NEEDED', { device });
    return this.#connect(slot, device, signal);
  }

  async #connect(slot: Slot, device: string, signal: AbortSignal): Promise<UnitConnection> {
    const { path, slot: number } = slot.view;
    const order = this.#options.services.registry.devices.get(device)?.order;
    const session = await this.#options.services.openUnit(path, this.#profile(this.#order(order ?? '')), signal, () => undefined);
    try {
      if (!session.capabilities.selfTest) throw new Failure('UNVERIFIABLE', { item: 'its own connection' });
      const nonce = newNonce();
      const foreign = topicRuleOf(this.#options.services.registry.settings).foreign(device, nonce);
      const { connected, stage, detail } = await session.selfTest(nonce, foreign, { signal });
      return { device, slot: number, connected, stage, detail };
    } finally {
      await session.close();
    }
  }

  /** Stops every run where it stands; a signed certificate that did not make it is revoked on the way out. */
  async stop(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => slot.cancel()));
  }

  async #whoIsWhere(slots: readonly Slot[], profiles: readonly DeviceProfile[]): Promise<Map<string, Slot>> {
    const found = new Map<string, Slot>();
    await Promise.all(
      slots.map(async (slot) => {
        await slot.idle;
        const known = slot.view.unit?.hardwareId;
        if (known !== undefined) return void found.set(known, slot);
        for (const profile of profiles) {
          const read = await this.#readIdentity(slot, profile);
          if (read !== null) return void found.set(read, slot);
        }
      }),
    );
    return found;
  }

  async #readIdentity(slot: Slot, profile: DeviceProfile): Promise<string | null> {
    const signal = AbortSignal.timeout(profile.stepMs);
    try {
      const session = await this.#options.services.openUnit(slot.view.path, profile, signal, () => undefined);
      try {
        return (await session.identify({ signal })).hardwareId;
      } finally {
        await session.close();
      }
    } catch (thrown) {
      // Whatever is in this slot is not a unit that waits for proof; its own run would say why it cannot be read.
      if (thrown instanceof Failure) return null;
      throw thrown;
    }
  }

  #work(): SlotWork | FailureData {
    if (!this.#options.auto) return new Failure('NO_ORDER').toData();
    const ready = this.#options.ready();
    return 'code' in ready ? ready : { ...ready, profile: this.#profile(ready.order) };
  }

  #order(id: string): WorkOrder {
    return unwrap(this.#options.services.registry.runs.order(id), 'an order is never deleted');
  }

  #profile(order: WorkOrder): DeviceProfile {
    return this.profile(order.deviceProfile);
  }

  #slot(number: number): Slot {
    const slot = this.#slots.get(number);
    if (slot === undefined) throw new Failure('NOT_FOUND', { kind: 'slot', id: String(number) });
    return slot;
  }
}
