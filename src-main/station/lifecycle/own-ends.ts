import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { canonicalAddress } from '../../der/index.ts';
import type { Clock } from '../clock.ts';
import type { OwnIdentities } from '../setup/index.ts';

/** What ends while the station lives; its canaries last as long as their issuer. */
export type OwnName = 'observer' | 'records' | 'broker' | 'http';

export interface OwnEndParts {
  readonly identities: OwnIdentities;
  readonly clock: Clock;
  /** Else the broker's certificate is its administrator's. */
  readonly runsBroker: boolean;
  /** What the certificate of the HTTP listeners is to name; none: it needs none. */
  readonly httpHosts: () => readonly string[];
}

const dayMs = 86_400_000;
const dueDays = 30;
/** An officer who opens a session once in a fortnight is in time. */
const alarmDays = 14;

/** When the station's own certificates end, and which are wanted and not there. */
export class OwnEnds {
  readonly #parts: OwnEndParts;

  constructor(parts: OwnEndParts) {
    this.#parts = parts;
  }

  /** Those within 30 days of their end, and one that is missing. */
  due(): OwnName[] {
    const ending = this.#endingWithin(dueDays).map(({ name }) => name);
    return this.#parts.httpHosts().length === 0 || this.httpIdentity() !== null
      ? ending
      : [...ending.filter((name) => name !== 'http'), 'http'];
  }

  /** Those that nobody's session has let us renew so far, and that end soon. */
  late(): { readonly name: OwnName; readonly notAfter: string }[] {
    return this.#endingWithin(alarmDays);
  }

  /** What the HTTP listeners show; null while there is none for all their hosts. */
  httpIdentity(): { readonly certificatePem: string; readonly keyPem: string } | null {
    const { identities, httpHosts } = this.#parts;
    if (identities.http === null) return null;
    const named = hostsOf(identities.certificate('http'));
    return httpHosts().every((host) => named.includes(host)) ? identities.http : null;
  }

  #endingWithin(days: number): { readonly name: OwnName; readonly notAfter: string }[] {
    const { identities, clock, runsBroker, httpHosts } = this.#parts;
    const names: readonly OwnName[] = [
      'observer',
      ...(identities.records === null ? [] : (['records'] as const)),
      ...(runsBroker ? (['broker'] as const) : []),
      ...(identities.http === null || httpHosts().length === 0 ? [] : (['http'] as const)),
    ];
    return names
      .map((name) => ({ name, end: identities.certificate(name).validToDate }))
      .filter(({ end }) => end.getTime() - clock.now() < days * dayMs)
      .map(({ name, end }) => ({ name, notAfter: end.toISOString() }));
  }
}

/** What a server certificate names, as `serverHosts` writes it. */
export const hostsOf = ({ subjectAltName }: X509Certificate): string[] =>
  (subjectAltName ?? '').split(', ').map((name) => canonical(name.replace(/^[^:]*:/u, '')));

/** Node writes an IPv6 address in capitals and without its short form. */
const canonical = (host: string): string => (isIP(host) === 6 ? canonicalAddress(host) : host);
