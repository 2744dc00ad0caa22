import type { ExpiryNotice } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import { topicRuleOf, type TopicRule } from '../topic-rule.ts';

export interface NoticeParts {
  readonly registry: Registry;
  /** Sends to the broker; rejects when it is away. */
  readonly send: (topic: string, payload: string) => Promise<void>;
  readonly log: (line: string) => void;
}

/** Messages of one pass; the next pass goes on. */
const atOnce = 200;
const dayMs = 86_400_000;

/** Where a device is told that it must be renewed: below its own topics. */
export const renewalTopic = (device: string, rule: TopicRule): string => `${rule.base(device)}/certificates/renewal-required`;

/**
 * Records the notices that are due, and tells the devices. What the broker could not take is sent at the next pass. Returns
 * how many were recorded or are still to be sent: with none there is nothing to do for a while.
 */
export async function giveNotice({ registry, send, log }: NoticeParts): Promise<number> {
  const recorded = registry.notices.record();
  if (recorded > 0) log(`${String(recorded)} certificates come to their end; birthmark certificates expiring names them`);
  const rule = topicRuleOf(registry.settings);
  let unsent = 0;
  for (const notice of registry.notices.unpublished(atOnce)) {
    try {
      await send(renewalTopic(notice.device, rule), JSON.stringify(message(notice, registry.store.clock.now())));
    } catch {
      // The broker is away, which the status says already.
      unsent++;
      break;
    }
    registry.notices.published(notice);
  }
  return recorded + unsent;
}

const message = ({ serial, notAfter }: ExpiryNotice, now: number): Record<string, unknown> => ({
  serial_number: serial,
  expires_at: notAfter,
  days_remaining: Math.max(0, Math.floor((Date.parse(notAfter) - now) / dayMs)),
});
