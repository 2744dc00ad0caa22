import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { IssuerKind, SigningProfile } from '../../contract/index.ts';
import { certificateToPem, signingProfile } from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import type { ServerIssuance, ServiceIssuance } from '../issuance/index.ts';
import type { Registry } from '../registry/index.ts';
import { makeKey, type OwnIdentities } from '../setup/index.ts';
import { hostsOf, OwnEnds, type OwnName } from './own-ends.ts';

export interface OwnCertificateParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly servers: ServerIssuance;
  readonly services: ServiceIssuance;
  readonly identities: OwnIdentities;
  /** The broker that the station runs takes its new certificate over; null: it runs none, and the broker's certificate is its administrator's. */
  readonly useServer: ((identity: { readonly certificatePem: string; readonly keyPem: string }) => Promise<void>) | null;
  readonly http: {
    /** What the certificate of the HTTP listeners is to name; none: it needs none. */
    readonly hosts: () => readonly string[];
    readonly use: () => Promise<void>;
  };
}

const signAs: Readonly<Record<OwnName, string>> = {
  observer: 'station-observer',
  records: 'station-records',
  broker: 'station-broker',
  http: 'station-http',
};

/** Certificates that the station has for itself, for its observer, central databases and the broker that it runs: it renews them while a session allows it. */
export class OwnCertificates {
  readonly ends: OwnEnds;
  readonly #parts: OwnCertificateParts;

  constructor(parts: OwnCertificateParts) {
    const { identities, clock, useServer, http } = parts;
    this.#parts = parts;
    this.ends = new OwnEnds({ identities, clock, runsBroker: useServer !== null, httpHosts: http.hosts });
  }

  get recordsStation(): string {
    return recordsStation(this.#parts.registry.settings);
  }

  /** What a session for devices may sign besides: these, and under these names only. */
  signing(): { readonly kind: IssuerKind; readonly profile: SigningProfile }[] {
    const { services, servers } = this.#parts;
    const server = (
      name: 'broker' | 'http',
      hosts: readonly string[],
    ): { readonly kind: IssuerKind; readonly profile: SigningProfile } => ({
      kind: 'server',
      profile: { ...signingProfile(servers.profile, hosts), name: signAs[name] },
    });
    const http = this.#parts.http.hosts();
    const client = (name: 'observer' | 'records'): { readonly kind: IssuerKind; readonly profile: SigningProfile } => ({
      kind: 'issuing',
      profile: { ...signingProfile({ ...services.profile, commonName: `birthmark:${this.#clientName(name)}` }), name: signAs[name] },
    });
    return [
      client('observer'),
      client('records'),
      server('broker', hostsOf(this.#parts.identities.certificate('broker'))),
      ...(http.length === 0 ? [] : [server('http', http)]),
    ];
  }

  /** A new key and certificate, in use when it resolves. What the signer refuses; then the old one stays. `actor`: who asked, or granted the session. */
  async renew(name: OwnName, actor: string): Promise<void> {
    await (name === 'broker' || name === 'http' ? this.#renewServer(name, actor) : this.#renewClient(name, actor));
  }

  #clientName(name: 'observer' | 'records'): string {
    return name === 'observer' ? name : `records-${this.recordsStation}`;
  }

  async #renewClient(name: 'observer' | 'records', actor: string): Promise<void> {
    const { services, identities } = this.#parts;
    const { spki, spkiSha256, keyPem } = makeKey();
    const subject = this.#clientName(name);
    const { chain } = await services.issue({ name: subject, spki, spkiSha256, signAs: signAs[name], actor, action: 'station.renew' });
    identities.replace(name, { keyPem, certificatePem: chain.map(certificateToPem).join('') });
  }

  /** The broker's new one names the hosts that its old one names. */
  async #renewServer(name: 'broker' | 'http', actor: string): Promise<void> {
    const { servers, identities, useServer, registry, http } = this.#parts;
    const { spki, spkiSha256, keyPem } = makeKey();
    const hosts = name === 'broker' ? hostsOf(identities.certificate('broker')) : http.hosts();
    const names = { dns: hosts.filter((host) => isIP(host) === 0), ips: hosts.filter((host) => isIP(host) !== 0) };
    const { row, chain } = await servers.issue({ ...names, spki, spkiSha256, validityDays: null, signAs: signAs[name], actor });
    registry.store.transaction(() =>
      registry.store.audit(actor, 'station.renew', row.device, { serial: row.serial, notAfter: row.notAfter }),
    );
    const identity = { keyPem, certificatePem: chain.map(certificateToPem).join('') };
    identities.replace(name, identity);
    await (name === 'broker' ? useServer?.(identity) : http.use());
  }
}

/** By which central databases know this station: chosen once, in the name of its client certificate. */
export function recordsStation(settings: Registry['settings']): string {
  const known = settings.get('records.station');
  if (known !== null) return known;
  const made = randomBytes(4).toString('hex');
  settings.set('records.station', made);
  return made;
}
