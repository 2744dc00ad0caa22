import { DeviceName, Failure, ServiceName, TopicFilter } from '../../contract/index.ts';
import { requiredTopicRule } from '../topic-rule.ts';
import { commonNameOf } from '../verify/index.ts';
import type { Publication, StationIdentities } from './host.ts';
import type { UserRights } from './rabbitmq-api.ts';

export interface RabbitmqUsers {
  /** Devices and services. */
  readonly clients: ReadonlyMap<string, UserRights>;
  /** The station's own: the same on every station, and never taken away. */
  readonly own: ReadonlyMap<string, UserRights>;
  /** Devices that get no user, since their topics could not be told from others'. */
  readonly leftOut: readonly string[];
}

const end = String.raw`\z`;
const nothing = '^$';

/** RabbitMQ makes a routing key of a topic: `/` becomes `.`, `+` becomes `*`. So a `.` in a name would be the next level of a neighbour's topics. */
const isPlain = (text: string): boolean => !/[.*]/u.test(text);
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);

/**
 * A client's subscriptions are a queue named after its client id, which it chooses: its own name, with anything behind a `~`, is its alone, and the
 * random ones of the station are nobody's to guess. Any other client id could ask for a neighbour's queue.
 */
function rights(clientId: string, { reads, writes }: { reads: readonly string[]; writes: readonly string[] }): UserRights {
  const queue = `mqtt-subscription-(${clientId})qos[01]`;
  const any = (keys: readonly string[]): string => (keys.length === 0 ? nothing : `^(${keys.join('|')})${end}`);
  return {
    configure: `^${queue}${end}`,
    write: `^(${queue}|amq\\.topic)${end}`,
    read: `^(${queue}|amq\\.topic)${end}`,
    topicWrite: any(writes),
    topicRead: any(reads),
  };
}

const ownId = (name: string): string => `${escaped(name)}(~.*)?|birthmark-[0-9a-f-]{36}`;
const none: UserRights = { configure: nothing, write: nothing, read: nothing, topicWrite: nothing, topicRead: nothing };

/** A topic filter as a regular expression over routing keys and binding keys: `+` is one level and never the `#` of a wider subscription. */
function keys(filter: string): string {
  const levels = filter.split('/');
  const open = levels.at(-1) === '#';
  const fixed = (open ? levels.slice(0, -1) : levels).map((level) => (level === '+' ? '[^.#]*' : escaped(level))).join('\\.');
  return open ? `${fixed}(\\..*)?` : fixed;
}

/** Everybody who may come to the cluster, with what they may do there. ID_INVALID for a service that cannot be told in routing keys. */
export function rabbitmqUsers(publication: Publication, identities: StationIdentities): RabbitmqUsers {
  const { devices, topicRule: rule = requiredTopicRule, services = [] } = publication;
  const clients = new Map<string, UserRights>();
  const leftOut: string[] = [];
  for (const device of devices) {
    const base = DeviceName.safeParse(device).success ? rule.base(device) : '.';
    if (!isPlain(base)) leftOut.push(device);
    else clients.set(device, rights(ownId(device), { reads: [keys(`${base}/#`)], writes: [keys(`${base}/#`)] }));
  }
  for (const { name, reads, writes } of services) {
    const isGood =
      ServiceName.safeParse(name).success && [...reads, ...writes].every((one) => TopicFilter.safeParse(one).success && isPlain(one));
    if (isGood) clients.set(`birthmark:${name}`, rights(ownId(`birthmark:${name}`), { reads: reads.map(keys), writes: writes.map(keys) }));
    else leftOut.push(name);
  }
  const observer = commonNameOf(identities.observer.certificatePem);
  return {
    clients,
    own: new Map([
      [
        observer,
        rights(`${ownId(observer)}|birthmark-observer-[0-9a-f-]{36}`, {
          reads: [keys(rule.all), keys('station/#')],
          writes: [keys('station/#'), keys(rule.everyones('certificates/renewal-required'))],
        }),
      ],
      // Both are let in by the access rules: what refuses the revoked one is the revocation list, and nothing else.
      [commonNameOf(identities.goodCanary.certificatePem), none],
      [commonNameOf(identities.revokedCanary.certificatePem), none],
    ]),
    leftOut,
  };
}

/** The same in the words of the other hosts' access list, for whoever compares. */
export function asAccessList(users: ReadonlyMap<string, UserRights>): string {
  return [...users.keys()].map((name) => `user ${name}\ntopic readwrite ${name}\n`).join('\n');
}

export const leftOutFailure = ([device = '']: readonly string[]): Failure =>
  new Failure('ID_INVALID', { id: device, kind: 'topic', problem: 'RabbitMQ cannot tell a “.” from the “/” between topic levels' });
