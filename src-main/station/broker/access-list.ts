import { DeviceName, Failure, firstProblem, ServiceName, TopicFilter } from '../../contract/index.ts';
import { requiredTopicRule } from '../topic-rule.ts';
import type { Publication, ServiceAccess } from './host.ts';

/** As its certificate says, and as it logs in with a password: there a colon would end the name. Neither can be a tenant's name. */
const usersOf = (service: string): string[] => [`birthmark:${service}`, serviceLogin(service)];
const loginPrefix = 'birthmark~';
export const serviceLogin = (service: string): string => loginPrefix + service;

const refused = (id: string, kind: string, problem: string): Failure => new Failure('ID_INVALID', { id, kind, problem });

/** A line is made of names that were checked, here once more: nothing else may get there. */
function checked(device: string): string {
  const result = DeviceName.safeParse(device);
  if (result.success) return device;
  throw refused(device, 'device', firstProblem(result.error, 'it').problem);
}

function checkedUser(username: string): string {
  if (!username.startsWith(loginPrefix)) return checked(username);
  checkedService(username.slice(loginPrefix.length));
  return username;
}

function checkedService(name: string): string {
  const result = ServiceName.safeParse(name);
  if (result.success) return name;
  throw refused(name, 'service', firstProblem(result.error, 'it').problem);
}

function checkedFilter(filter: string): string {
  const result = TopicFilter.safeParse(filter);
  if (result.success) return filter;
  throw refused(filter, 'topic filter', firstProblem(result.error, 'it').problem);
}

/**
 * Who may do what, for Mosquitto. The observer reads what devices say, has a corner for its markers, and may send the one message that the
 * station has for devices. Devices have their own topics: by an entry each, or by one `pattern` line where the rule allows it, which costs
 * the broker nothing and holds for whoever has a certificate. ID_INVALID.
 */
export function accessList(publication: Publication, observer: string): string {
  const { devices, topicRule: rule = requiredTopicRule, muted = [], services = [] } = publication;
  const watching = [`topic read ${rule.all}`, 'topic readwrite station/#', 'topic read $SYS/broker/version'];
  devices.forEach(checked);
  const ofDevices =
    rule.pattern === null
      ? devices.map((device) => entry(device, [`topic readwrite ${rule.base(device)}/#`]))
      : [...muted.map((device) => entry(checked(device), [`topic deny ${rule.base(device)}/#`])), `pattern readwrite ${rule.pattern}\n`];
  return [
    entry(observer, [...watching, `topic write ${rule.everyones('certificates/renewal-required')}`]),
    ...services.flatMap(ofService),
    ...ofDevices,
  ].join('\n');
}

function ofService({ name, reads, writes }: ServiceAccess): string[] {
  const topics = [
    ...reads.map((filter) => `topic read ${checkedFilter(filter)}`),
    ...writes.map((filter) => `topic write ${checkedFilter(filter)}`),
  ];
  return usersOf(checkedService(name)).map((user) => entry(user, topics));
}

/** Mosquitto's password_file. ID_INVALID for a name that is neither a device's nor a service's, and for what is no hash of ours. */
export function passwordFile({ passwords = [] }: Publication): string {
  return passwords
    .map(({ username, hash }) => {
      if (!/^\$7\$\d{1,6}\$[A-Za-z0-9+/=]{16,88}\$[A-Za-z0-9+/=]{88}$/u.test(hash))
        throw refused(username, 'password', 'not as Mosquitto keeps it');
      return `${checkedUser(username)}:${hash}\n`;
    })
    .join('');
}

const entry = (user: string, lines: readonly string[]): string => `user ${user}\n${lines.map((line) => `${line}\n`).join('')}`;

/** Who has which topics by a list that is in force: `all` where a pattern gives everybody their own. The station's own clients are left out. */
export function readAccessList(text: string): { readonly all: boolean; readonly devices: ReadonlySet<string> } {
  const blocks = Array.from(text.matchAll(/^user (.+)\n((?:topic .*\n)*)/gmu), ([, user = '', topics = '']) => ({ user, topics }));
  const allowed = blocks.filter(({ user, topics }) => DeviceName.safeParse(user).success && !/^topic deny /mu.test(topics));
  return { all: /^pattern /mu.test(text), devices: new Set(allowed.map(({ user }) => user)) };
}
