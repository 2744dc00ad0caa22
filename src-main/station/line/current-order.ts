import type { OrderProgress, WorkOrder } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';

/** The work order that units are made for which are plugged in from now on, and who chose it. */
export class CurrentOrder {
  readonly #registry: Registry;
  #progress: OrderProgress | null = null;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  get(): WorkOrder | null {
    const id = this.#registry.settings.get('order');
    return id === null ? null : this.#registry.runs.order(id);
  }

  /** On whose word. */
  get actor(): string {
    return this.#registry.settings.must('order.actor');
  }

  choose(order: WorkOrder, actor: string): void {
    const { store, settings } = this.#registry;
    store.transaction(() => {
      settings.set('order', order.id);
      settings.set('order.actor', actor);
      store.audit(actor, 'order.choose', order.id);
    });
    this.#progress = null;
  }

  /** Counting takes every unit of the order, so it is kept until `changed`, or until it is another order. */
  progress(): OrderProgress | null {
    const order = this.get();
    if (order === null) return null;
    if (this.#progress?.order.id !== order.id) this.#progress = this.#registry.runs.progress(order);
    return this.#progress;
  }

  /** A unit has another verdict. */
  changed(): void {
    this.#progress = null;
  }
}
