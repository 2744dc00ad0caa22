import type { SlotView } from '../contract/index.ts';

/** The slots that write to a unit right now, from the events that pass by. */
export class WritingSlots {
  readonly #running = new Map<number, SlotView>();
  readonly #onChange: (writing: boolean) => void;

  constructor(onChange: (writing: boolean) => void) {
    this.#onChange = onChange;
  }

  see(view: SlotView): void {
    this.#change(() => (view.state === 'RUNNING' ? this.#running.set(view.slot, view) : this.#running.delete(view.slot)));
  }

  /** The station service is gone, and its runs with it; it tells anew when it is back. */
  forget(): void {
    this.#change(() => this.#running.clear());
  }

  /** One line per slot, for the person who wants to close the window; empty when nothing is being written. */
  reasons(): string[] {
    return [...this.#running.values()]
      .sort((a, b) => a.slot - b.slot)
      .map(({ slot, device }) => `Slot ${slot} is being written${device === null ? '' : ` (${device})`}.`);
  }

  #change(change: () => void): void {
    const before = this.#running.size > 0;
    change();
    const after = this.#running.size > 0;
    if (after !== before) this.#onChange(after);
  }
}
