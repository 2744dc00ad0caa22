import type { PlugWatcher, SlotPlace } from './driver.ts';
import { presence } from './presence.ts';

/**
 * Looks at every place each `pollMs` milliseconds: `SerialPort.list()` does not show every adapter and not every system reports an unplug, so neither is
 * relied on. A unit that was taken out and put back between two looks is reported as both. Resolves after the first look, without having told anybody.
 */
export async function watchPlaces(initial: readonly SlotPlace[], options: { readonly pollMs: number }): Promise<PlugWatcher> {
  const listeners = new Set<(slot: number, plugged: boolean) => void>();
  let places = initial;
  /** What was seen, by the slot and its position. */
  const marks = new Map<string, string | null>();
  let closed = false;
  let looking = false;

  const tell = (slot: number, plugged: boolean): void => {
    if (!closed) for (const listener of listeners) listener(slot, plugged);
  };
  const look = async ({ slot, path }: SlotPlace): Promise<void> => {
    const now = await presence(path);
    // It may be no place any more.
    if (!places.some((place) => place.slot === slot && place.path === path)) return;
    const before = marks.get(key({ slot, path })) ?? null;
    marks.set(key({ slot, path }), now);
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
    isPlugged: (slot) => places.some((place) => place.slot === slot && (marks.get(key(place)) ?? null) !== null),
    watch: (others) => {
      places = others;
      const known = new Set(others.map(key));
      for (const one of marks.keys()) if (!known.has(one)) marks.delete(one);
    },
    close: () => {
      closed = true;
      clearInterval(timer);
    },
  };
}

const key = ({ slot, path }: SlotPlace): string => `${String(slot)} ${path}`;
