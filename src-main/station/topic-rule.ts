import { TopicRuleText } from '../contract/index.ts';

/** What the requirement says; a station may set another one. */
const requiredText = 'tenant/{tenant}/device/{device}/#';

/** Which topics a device has for itself, as a text with `{tenant}` and `{device}` that ends in `/#`. */
export class TopicRule {
  readonly text: string;
  readonly #levels: readonly string[];

  /** Throws for a text that is no rule: callers have checked it at their boundary. */
  constructor(text: string) {
    this.text = TopicRuleText.parse(text);
    this.#levels = this.text.split('/').slice(0, -1);
  }

  /** The topic space of a device, without the wildcard. */
  base(device: string): string {
    const [tenant = '', id = ''] = device.split('/');
    return this.#with(tenant, id);
  }

  /** Where a device proves that it can publish: its own topic space, a fresh nonce. */
  verify(device: string, nonce: string): string {
    return `${this.base(device)}/verify/${nonce}`;
  }

  /**
   * A topic of the same tenant that this device must not reach. `~` is in no id: no real neighbour can ever get the message, and the
   * request that carries it to the device fits into the smallest buffers.
   */
  foreign(device: string, nonce: string): string {
    return this.verify(`${device.split('/')[0] ?? ''}/~`, nonce);
  }

  /** The same topic of every device, as a filter. */
  everyones(below: string): string {
    return `${this.#with('+', '+')}/${below}`;
  }

  /** Everything of every device, as a filter. */
  get all(): string {
    const fixed = this.#levels.findIndex((level) => level.startsWith('{'));
    return `${this.#levels.slice(0, fixed).join('/')}/#`;
  }

  /** Whose topic this is, where it is `below` a device's own; null where it is none. */
  deviceOf(topic: string, below: string): string | null {
    const levels = topic.split('/');
    const at = (name: string): string => levels[this.#levels.indexOf(name)] ?? '';
    const device = `${at('{tenant}')}/${at('{device}')}`;
    return topic === `${this.base(device)}/${below}` ? device : null;
  }

  /** One filter for all with Mosquitto's `%u`, where tenant and device stand next to each other as in the username; else null. */
  get pattern(): string | null {
    return this.text.includes('/{tenant}/{device}/') ? this.text.replace('{tenant}/{device}', '%u') : null;
  }

  #with(tenant: string, device: string): string {
    return this.#levels.map((level) => (level === '{tenant}' ? tenant : level === '{device}' ? device : level)).join('/');
  }
}

export const requiredTopicRule = new TopicRule(requiredText);

/** The rule of a station. */
export function topicRuleOf(settings: { get(key: 'broker.topicRule'): string | null }): TopicRule {
  const text = settings.get('broker.topicRule');
  return text === null ? requiredTopicRule : new TopicRule(text);
}

export const keepTopicRule = (settings: { set(key: 'broker.topicRule', value: string): void }, rule: TopicRule): void =>
  settings.set('broker.topicRule', rule.text);
