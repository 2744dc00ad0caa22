import { Failure } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { newPassword, passwordHash, serviceLogin } from '../broker/index.ts';
import { certificateToPem } from '../ca/index.ts';
import { instant } from '../clock.ts';
import type { LiveStation } from '../live-station.ts';
import { changePasswordPort, passwordPort } from '../publication/index.ts';
import { makeKey } from '../setup/index.ts';
import type { HandlerContext } from './context.ts';
import { topicRuleOf } from '../topic-rule.ts';

const usernameOf = (service: string): string => `birthmark:${service}`;
const hourMs = 3_600_000;

export function loginsHandlers(station: HandlerContext): HandlersOf<'logins'> {
  const live = (): LiveStation => station.live();
  const changed = (): void => {
    if (station.config.broker) live().publisher.publishSoon();
    station.statusSoon();
  };

  return {
    'logins.list': () => {
      const { registry } = live();
      return { passwordPort: passwordPort(registry), rows: registry.logins.list(), tenants: registry.logins.tenants() };
    },
    'logins.listen': ({ port }, caller) => {
      changePasswordPort(live().registry, port, caller.name);
      changed();
      return {};
    },
    'logins.device': ({ device, deviceProfile }, caller) => {
      const { registry, deviceProfiles } = live();
      const port = passwordPort(registry);
      if (port === null) throw new Failure('PASSWORDS_OFF');
      const profile = deviceProfiles.get(deviceProfile);
      if (profile === undefined) throw new Failure('NOT_FOUND', { kind: 'device profile', id: deviceProfile });
      if (profile.passwordLogin !== true) throw new Failure('PASSWORDS_NOT_ALLOWED', { profile: deviceProfile });
      if (registry.devices.get(device) === null) throw new Failure('NOT_FOUND', { kind: 'device', id: device });
      registry.devices.mustBeApproved(device);
      const password = newPassword();
      registry.logins.set({ username: device, kind: 'device', password: passwordHash(password), reads: [], writes: [] }, caller.name);
      changed();
      return { username: device, password, port, topics: `${topicRuleOf(registry.settings).base(device)}/#` };
    },
    'logins.service': ({ name, reads, writes, password: wanted }, caller) => {
      const password = wanted ? newPassword() : null;
      const username = usernameOf(name);
      const hash = password === null ? null : passwordHash(password);
      live().registry.logins.set({ username, kind: 'service', password: hash, reads, writes }, caller.name);
      changed();
      return { username, login: serviceLogin(name), password };
    },
    'logins.certificate': async ({ name, csr }, caller) => {
      const { services, registry } = live();
      const username = usernameOf(name);
      if (!registry.logins.list().some((one) => one.username === username)) throw new Failure('NOT_FOUND', { kind: 'service', id: name });
      const made = csr === null ? makeKey() : null;
      const { spki, spkiSha256 } = made ?? services.checkRequest(csr ?? Buffer.alloc(0));
      const { row, chain } = await services.issue({
        name,
        spki,
        spkiSha256,
        signAs: services.profile.name,
        actor: caller.name,
        action: 'service.issue',
      });
      const { serial, notAfter } = row;
      return { username, serial, notAfter, pem: chain.map(certificateToPem).join(''), keyPem: made?.keyPem ?? null };
    },
    'logins.remove': ({ username }, caller) => {
      live().services.remove(username, caller.name);
      changed();
      return {};
    },
    'logins.tenant': ({ tenant, mode, hours, reason }, caller) => {
      const { registry } = live();
      const until = hours === null ? null : instant(station.clock.now() + hours * hourMs);
      registry.logins.setTenant({ tenant, mode: mode === 'both' ? null : mode, until, reason }, caller.name);
      changed();
      return { tenants: registry.logins.tenants() };
    },
  };
}
