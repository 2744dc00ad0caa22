import { serviceLogin, type Publication } from '../broker/index.ts';
import type { Registry } from '../registry/index.ts';
import { topicRuleOf } from '../topic-rule.ts';

/** Lines of the access list cost a broker: whoever is beyond them can speak until his session is ended, a moment later. */
const maxMuted = 1_000;

/** The port of the listener for passwords; null: there is none. */
export function passwordPort({ settings }: Registry): number | null {
  return settings.get('broker.passwordPort');
}

export function changePasswordPort({ store, settings }: Registry, port: number | null, actor: string): void {
  store.transaction(() => {
    settings.set('broker.passwordPort', port);
    store.audit(actor, 'logins.listen', port === null ? 'off' : String(port));
  });
}

const nameOf = (service: string): string => service.slice(service.indexOf(':') + 1);

/** Everybody who may come to the broker, as it stands in the registry now. */
export function accessOf(registry: Registry): Omit<Publication, 'crls' | 'clientCaPem'> & Required<Pick<Publication, 'passwords'>> {
  const logins = registry.logins.inForce();
  const port = passwordPort(registry);
  const withPassword = port === null ? [] : logins.filter(({ kind }) => kind === 'device');
  const services = logins.filter(({ kind }) => kind === 'service');
  const devices = [...new Set([...registry.certificates.admitted(), ...withPassword.map(({ username }) => username)])];
  return {
    devices,
    topicRule: topicRuleOf(registry.settings),
    muted: muted(registry, devices),
    services: services.map(({ username, reads, writes }) => ({ name: nameOf(username), reads, writes })),
    passwords: [...services, ...withPassword].flatMap(({ username, kind, password: hash }) =>
      hash === null ? [] : [{ username: kind === 'service' ? serviceLogin(nameOf(username)) : username, hash }],
    ),
  };
}

/** Devices whose revocation is under way: they say and hear nothing more, until their sessions are ended. */
function muted(registry: Registry, admitted: readonly string[]): string[] {
  const good = new Set(admitted);
  const gone = registry.revocations.waiting().filter(({ use, device }) => use === 'device' && !good.has(device));
  return [...new Set(gone.map(({ device }) => device))].slice(0, maxMuted);
}
