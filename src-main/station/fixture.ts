import { Failure, type CallOutput } from '../contract/index.ts';
import { listedPorts, portAt, presence, type SlotPlace } from './devices/index.ts';
import type { Registry } from './registry/index.ts';

/** The fixture map of a station: it is kept in its settings, and what is changed holds at once. */
export class Fixture {
  readonly #registry: Registry;
  readonly #simulated: (path: string) => boolean;
  readonly #rearrange: (places: readonly SlotPlace[]) => void;

  /** `simulated`: is this a place of a try-out station's bench? */
  constructor(registry: Registry, simulated: (path: string) => boolean, rearrange: (places: readonly SlotPlace[]) => void) {
    this.#registry = registry;
    this.#simulated = simulated;
    this.#rearrange = rearrange;
  }

  static places({ settings }: Registry): readonly SlotPlace[] {
    return settings.get('slots') ?? [];
  }

  slots(): Promise<CallOutput<'slots.list'>> {
    return Promise.all(
      Fixture.places(this.#registry).map(async ({ slot, path }) => {
        const there = (await presence(path)) !== null;
        return { slot, position: path, port: there ? await portAt(path) : null };
      }),
    );
  }

  async ports(): Promise<CallOutput<'slots.ports'>> {
    const places = Fixture.places(this.#registry);
    const slotOf = (...positions: readonly (string | null)[]): number | null =>
      places.find((place) => positions.includes(place.path))?.slot ?? null;
    const listed = await listedPorts();
    const known = new Set(listed.map(({ path }) => path));
    const extra = [...new Set([...this.#extra(), ...places.map(({ path }) => path).filter((path) => path.startsWith('/'))])];
    return [
      ...listed.map(({ path, usb, hub, product }) => ({ path, usb, hub, product, present: true, slot: slotOf(path, usb, hub) })),
      ...(await Promise.all(
        extra
          .filter((path) => !known.has(path))
          .map(async (path) => ({ path, usb: null, hub: null, product: '', present: (await presence(path)) !== null, slot: slotOf(path) })),
      )),
    ];
  }

  /** @throws Failure INVALID_INPUT when the position has a slot already or the slot is a simulated one, SLOT_RUNNING. */
  bind(slot: number, position: string, actor: string): void {
    const places = Fixture.places(this.#registry);
    const owner = places.find((place) => place.path === position);
    if (owner !== undefined && owner.slot !== slot)
      throw new Failure('INVALID_INPUT', { field: 'position', problem: `${position} is slot ${String(owner.slot)} already` });
    this.#mustBeReal(slot, places);
    this.#change([...places.filter((place) => place.slot !== slot), { slot, path: position }], actor, { slot, position });
  }

  /** @throws Failure NOT_FOUND, SLOT_RUNNING; INVALID_INPUT for a simulated slot. */
  unbind(slot: number, actor: string): void {
    const places = Fixture.places(this.#registry);
    if (!places.some((place) => place.slot === slot)) throw new Failure('NOT_FOUND', { kind: 'slot', id: String(slot) });
    this.#mustBeReal(slot, places);
    this.#change(
      places.filter((place) => place.slot !== slot),
      actor,
      { slot, position: null },
    );
  }

  /** Ports that no list shows; null changes nothing. */
  showPorts(paths: readonly string[] | null, actor: string): { paths: string[] } {
    if (paths === null) return { paths: this.#extra() };
    this.#registry.store.transaction(() => {
      this.#registry.settings.set('slots.extraPorts', [...new Set(paths)]);
      this.#registry.store.audit(actor, 'slots.extraPorts', 'fixture', { paths });
    });
    return { paths: this.#extra() };
  }

  #extra(): string[] {
    return this.#registry.settings.get('slots.extraPorts') ?? [];
  }

  #mustBeReal(slot: number, places: readonly SlotPlace[]): void {
    if (places.some((place) => place.slot === slot && this.#simulated(place.path)))
      throw new Failure('INVALID_INPUT', {
        field: 'slot',
        problem: `slot ${String(slot)} has the simulated units of this try-out station`,
      });
  }

  #change(places: readonly SlotPlace[], actor: string, what: Readonly<Record<string, unknown>>): void {
    const sorted = [...places].sort((a, b) => a.slot - b.slot);
    this.#rearrange(sorted);
    this.#registry.store.transaction(() => {
      this.#registry.settings.set('slots', sorted);
      this.#registry.store.audit(actor, 'slots.change', 'fixture', what);
    });
  }
}
