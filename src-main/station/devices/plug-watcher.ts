import type { PlugWatcher, SlotPlace } from './driver.ts';
import { presence } from './presence.ts';

/**
 * Looks at every place each `pollMs` milliseconds: `SerialPort.list()` does not show every adapter and not every system reports an unplug, so neither is
 * relied on. A unit that was taken out and put back between two looks is reported as both. Resolves after the first look, without having told anybody.
 */
export async function watchPlaces(places: readonly SlotPlace[], options: { readonly pollMs: number }): Promise<PlugWatcher> {
  const listeners = new Set<(slot: number, plugged: boolean) => void>();
  const marks = new Map<number, string | null>();
  let closed = false;
  let looking = false;

  const tell = (slot: number, plugged: boolean): void => {
    if (!closed) for (const listener of listeners) listener(slot, plugged);
  };
  const look = async ({ slot, path }: SlotPlace): Promise<void> => {
    const now = await presence(path);
    const before = marks.get(slot) ?? null;
    marks.set(slot, now);
    if (now === before) return;
    if (before !== null) tell(slot, false);
    if (now !== null) tell(slot, true);
  };
  const lookAtAll = async (): Promise<void> => {
    // A look that takes long (a hanging driver) must not pile up.
    if (looking) return;
    looking = true;
    await Promise.all(places.map(look));
    looking = false;
  };

  await lookAtAll();
  const timer = setInterval(() => void lookAtAll(), options.pollMs);
  return {
    on: (listener) => {
      listeners.add(listener);
    },
    isPlugged: (slot) => (marks.get(slot) ?? null) !== null,
    close: () => {
      closed = true;
      clearInterval(timer);
    },
  };
}
