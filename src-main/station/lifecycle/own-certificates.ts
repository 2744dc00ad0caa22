import { randomBytes, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { IssuerKind, SigningProfile } from '../../contract/index.ts';
import { canonicalAddress } from '../../der/index.ts';
import { certificateToPem, signingProfile } from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import type { ServerIssuance, ServiceIssuance } from '../issuance/index.ts';
import type { Registry } from '../registry/index.ts';
import { makeKey, type OwnIdentities } from '../setup/index.ts';

/** What ends while the station lives; its canaries last as long as their issuer. */
export type OwnName = 'observer' | 'records' | 'broker' | 'http';

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

const dayMs = 86_400_000;
const dueDays = 30;
/** An officer who opens a session once in a fortnight is in time. */
const alarmDays = 14;
const signAs: Readonly<Record<OwnName, string>> = {
  observer: 'station-observer',
  records: 'station-records',
  broker: 'station-broker',
  http: 'station-http',
};

/** Certificates that the station has for itself, for its observer, central databases and the broker that it runs: it renews them while a session allows it. */
export class OwnCertificates {
  readonly #parts: OwnCertificateParts;

  constructor(parts: OwnCertificateParts) {
    this.#parts = parts;
  }

  /** By which central databases know this station: chosen once, in the name of its client certificate. */
  get recordsStation(): string {
    const { settings } = this.#parts.registry;
    const known = settings.get('records.station');
    if (known !== null) return known;
    const made = randomBytes(4).toString('hex');
    settings.set('records.station', made);
    return made;
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

  /** Those within 30 days of their end. */
  due(): OwnName[] {
    const ending = this.#endingWithin(dueDays).map(({ name }) => name);
    return this.#parts.http.hosts().length === 0 || this.httpIdentity() !== null
      ? ending
      : [...ending.filter((name) => name !== 'http'), 'http'];
  }

  /** Those that nobody's session has let us renew so far, and that end soon. */
  late(): { readonly name: OwnName; readonly notAfter: string }[] {
    return this.#endingWithin(alarmDays);
  }

  /** A new key and certificate, in use when it resolves. What the signer refuses; then the old one stays. `actor`: who asked, or granted the session. */
  async renew(name: OwnName, actor: string): Promise<void> {
    await (name === 'broker' || name === 'http' ? this.#renewServer(name, actor) : this.#renewClient(name, actor));
  }

  /** What the HTTP listeners show; null while there is none for all their hosts. */
  httpIdentity(): { readonly certificatePem: string; readonly keyPem: string } | null {
    const { identities, http } = this.#parts;
    if (identities.http === null) return null;
    const named = hostsOf(identities.certificate('http'));
    return http.hosts().every((host) => named.includes(host)) ? identities.http : null;
  }

  #endingWithin(days: number): { readonly name: OwnName; readonly notAfter: string }[] {
    const { identities, clock, useServer, http } = this.#parts;
    const names: readonly OwnName[] = [
      'observer',
      ...(identities.records === null ? [] : (['records'] as const)),
      ...(useServer === null ? [] : (['broker'] as const)),
      ...(identities.http === null || http.hosts().length === 0 ? [] : (['http'] as const)),
    ];
    return names
      .map((name) => ({ name, end: identities.certificate(name).validToDate }))
      .filter(({ end }) => end.getTime() - clock.now() < days * dayMs)
      .map(({ name, end }) => ({ name, notAfter: end.toISOString() }));
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

/** What a server certificate names, as `serverHosts` writes it. */
const hostsOf = ({ subjectAltName }: X509Certificate): string[] =>
  (subjectAltName ?? '').split(', ').map((name) => canonical(name.replace(/^[^:]*:/u, '')));

/** Node writes an IPv6 address in capitals and without its short form. */
const canonical = (host: string): string => (isIP(host) === 6 ? canonicalAddress(host) : host);
