import { setTimeout as pause } from 'node:timers/promises';
import type { SelfTestResult } from '../driver.ts';
import type { Answer } from './commands.ts';

const POLL_MS = { first: 30, most: 500 };
/** A device whose message does not arrive is asked all the same. */
const UNHEARD_MS = 250;

/** Asks until the device's own connection has come to its end. `heard`: its message has arrived at the broker; before that, asking only keeps the line busy. */
export async function selfTestEnd(
  ask: () => Promise<Answer<'selftest-state'>>,
  heard: Promise<unknown> | undefined,
  signal: AbortSignal,
): Promise<SelfTestResult> {
  if (heard !== undefined) await orLate(heard, signal);
  for (let wait = POLL_MS.first; ; wait = Math.min(wait * 1.5, POLL_MS.most)) {
    const now = await ask();
    if (now.state === 'done' || now.state === 'failed') {
      return {
        stage: now.stage,
        connected: now.connected,
        echoed: now.echoed,
        foreignReason: now.foreign < 0 ? null : now.foreign,
        detail: now.detail,
      };
    }
    await pause(wait, undefined, { signal });
  }
}

async function orLate(heard: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const late = pause(UNHEARD_MS, undefined, { signal: AbortSignal.any([signal, over.signal]) });
  await Promise.race([heard, late]).finally(() => over.abort());
}
