import { DeviceName, Failure } from '../../contract/index.ts';
import { requiredTopicRule, type TopicRule } from '../topic-rule.ts';
import type { Publication } from './host.ts';

/** A line of the access list is made of names that were checked, here once more: nothing else may get there. */
function checked(device: string): string {
  const result = DeviceName.safeParse(device);
  if (result.success) return device;
  throw new Failure('ID_INVALID', { id: device, kind: 'device', problem: result.error.issues[0]?.message ?? 'not a device name' });
}

/**
 * Who may do what, for Mosquitto. The observer reads what devices say, has a corner for its markers, and may send the one message that the
 * station has for devices. Devices have their own topics: by an entry each, or by one `pattern` line where the rule allows it, which costs
 * the broker nothing and holds for whoever has a certificate. ID_INVALID.
 */
export function accessList(publication: Publication, observer: string): string {
  const { devices, topicRule: rule = requiredTopicRule, muted = [] } = publication;
  const watching = [`topic read ${rule.all}`, 'topic readwrite station/#', 'topic read $SYS/broker/version'];
  const blocks = [
    entry(observer, [...watching, `topic write ${rule.everyones('certificates/renewal-required')}`]),
    ...(rule.pattern === null ? devices.map((device) => ownTopics(rule, device)) : muted.map((device) => noTopics(rule, device))),
    ...(rule.pattern === null ? [] : [`pattern readwrite ${rule.pattern}\n`]),
  ];
  if (rule.pattern !== null) devices.forEach(checked);
  return blocks.join('\n');
}

const entry = (user: string, lines: readonly string[]): string => `user ${user}\n${lines.map((line) => `${line}\n`).join('')}`;
const ownTopics = (rule: TopicRule, device: string): string => entry(checked(device), [`topic readwrite ${rule.base(device)}/#`]);
const noTopics = (rule: TopicRule, device: string): string => entry(checked(device), [`topic deny ${rule.base(device)}/#`]);

/** Who has which topics by a list that is in force: `all` where a pattern gives everybody their own. The station's own clients are left out. */
export function readAccessList(text: string): { readonly all: boolean; readonly devices: ReadonlySet<string> } {
  const blocks = Array.from(text.matchAll(/^user (.+)\n((?:topic .*\n)*)/gmu), ([, user = '', topics = '']) => ({ user, topics }));
  const allowed = blocks.filter(({ user, topics }) => DeviceName.safeParse(user).success && !/^topic deny /mu.test(topics));
  return { all: /^pattern /mu.test(text), devices: new Set(allowed.map(({ user }) => user)) };
}
