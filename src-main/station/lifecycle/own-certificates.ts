import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { IssuerKind, SigningProfile } from '../../contract/index.ts';
import { certificateToPem, signingProfile } from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import type { ServerIssuance, ServiceIssuance } from '../issuance/index.ts';
import type { Registry } from '../registry/index.ts';
import { makeKey, type OwnIdentities } from '../setup/index.ts';

/** What ends while the station lives; its canaries last as long as their issuer. */
export type OwnName = 'observer' | 'records' | 'broker';

export interface OwnCertificateParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly servers: ServerIssuance;
  readonly services: ServiceIssuance;
  readonly identities: OwnIdentities;
  /** The broker that the station runs takes its new certificate over; null: it runs none, and the broker's certificate is its administrator's. */
  readonly useServer: ((identity: { readonly certificatePem: string; readonly keyPem: string }) => Promise<void>) | null;
}

const dayMs = 86_400_000;
const dueDays = 30;
/** An officer who opens a session once in a fortnight is in time. */
const alarmDays = 14;
const signAs: Readonly<Record<OwnName, string>> = { observer: 'station-observer', records: 'station-records', broker: 'station-broker' };

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
    const { dns, ips } = this.#hosts();
    const client = (name: 'observer' | 'records'): { readonly kind: IssuerKind; readonly profile: SigningProfile } => ({
      kind: 'issuing',
      profile: { ...signingProfile({ ...services.profile, commonName: `birthmark:${this.#clientName(name)}` }), name: signAs[name] },
    });
    return [
      client('observer'),
      client('records'),
      { kind: 'server', profile: { ...signingProfile(servers.profile, [...dns, ...ips]), name: signAs.broker } },
    ];
  }

  /** Those within 30 days of their end. */
  due(): OwnName[] {
    return this.#endingWithin(dueDays).map(({ name }) => name);
  }

  /** Those that nobody's session has let us renew so far, and that end soon. */
  late(): { readonly name: OwnName; readonly notAfter: string }[] {
    return this.#endingWithin(alarmDays);
  }

  /** A new key and certificate, in use when it resolves. What the signer refuses; then the old one stays. `actor`: who asked, or granted the session. */
  async renew(name: OwnName, actor: string): Promise<void> {
    await (name === 'broker' ? this.#renewBroker(actor) : this.#renewClient(name, actor));
  }

  #endingWithin(days: number): { readonly name: OwnName; readonly notAfter: string }[] {
    const { identities, clock, useServer } = this.#parts;
    const names: readonly OwnName[] = [
      'observer',
      ...(identities.records === null ? [] : (['records'] as const)),
      ...(useServer === null ? [] : (['broker'] as const)),
    ];
    return names
      .map((name) => ({ name, end: identities.certificate(name).validToDate }))
      .filter(({ end }) => end.getTime() - clock.now() < days * dayMs)
      .map(({ name, end }) => ({ name, notAfter: end.toISOString() }));
  }

  /** The new one names the hosts that the old one names. */
  #hosts(): { readonly dns: string[]; readonly ips: string[] } {
    const hosts = (this.#parts.identities.certificate('broker').subjectAltName ?? '')
      .split(', ')
      .map((name) => name.replace(/^[^:]*:/u, ''));
    return { dns: hosts.filter((host) => isIP(host) === 0), ips: hosts.filter((host) => isIP(host) !== 0) };
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

  async #renewBroker(actor: string): Promise<void> {
    const { servers, identities, useServer, registry } = this.#parts;
    const { spki, spkiSha256, keyPem } = makeKey();
    const { row, chain } = await servers.issue({ ...this.#hosts(), spki, spkiSha256, validityDays: null, signAs: signAs.broker, actor });
    registry.store.transaction(() =>
      registry.store.audit(actor, 'station.renew', row.device, { serial: row.serial, notAfter: row.notAfter }),
    );
    const identity = { keyPem, certificatePem: chain.map(certificateToPem).join('') };
    identities.replace('broker', identity);
    await useServer?.(identity);
  }
}
