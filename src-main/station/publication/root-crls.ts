import { X509Certificate } from 'node:crypto';
import { Failure, type Alarm, type RootCrlView } from '../../contract/index.ts';
import { sha256Hex } from '../../der/index.ts';
import type { IssuerRecord, Registry } from '../registry/index.ts';
import { describeName, namesOf } from '../x509-files/index.ts';

/** Customers' CAs above issuers that still sign, DER, each once. */
export function customerCas(registry: Registry): Buffer[] {
  const all = registry.issuers.signsCrls().flatMap(({ chain }) => [...chain]);
  return all.filter((one, index) => all.findIndex((other) => other.equals(one)) === index);
}

/** Serial numbers of an issuer's own certificate and of those above it, which a customer's list may name. */
export function serialsBelow({ certificate, chain }: Pick<IssuerRecord, 'certificate' | 'chain'>): { serial: string; der: Buffer }[] {
  return chain.length === 0 ? [] : [certificate, ...chain].map((der) => ({ serial: new X509Certificate(der).serialNumber, der }));
}

const subjectOf = (der: Buffer): string => describeName(namesOf(der).subject);

/** Each customer's CA with the newest list that was imported of it. */
export function rootCrlViews(registry: Registry): RootCrlView[] {
  return customerCas(registry).map((der) => {
    const fingerprint = sha256Hex(der);
    const held = registry.rootCrls.get(fingerprint);
    const { number = null, thisUpdate = null, nextUpdate = null, entries = 0, revoked = [], importedAt = null } = held ?? {};
    return { subject: subjectOf(der), fingerprint, number, thisUpdate, nextUpdate, entries, revoked: [...revoked], importedAt };
  });
}

/** Days before its end in which a list should be replaced: customers sign theirs by hand, from an offline root. */
const warningMs = 7 * 86_400_000;

/** No list, an old one, and what none should say. */
export function rootCrlAlarms(registry: Registry, now: number): Alarm[] {
  return rootCrlViews(registry).flatMap(({ subject, fingerprint, nextUpdate, thisUpdate, revoked }): Alarm[] => {
    const since = new Date(now).toISOString();
    const id = `root-crl-${fingerprint.slice(0, 16)}`;
    const found: Alarm[] = revoked.map((issuer) => ({
      id: `${id}-${issuer}`,
      level: 'alarm',
      since: thisUpdate ?? since,
      failure: new Failure('ISSUER_REVOKED', { subject, issuer }).toData(),
    }));
    if (nextUpdate === null)
      return [...found, { id, level: 'warning', since, failure: new Failure('ROOT_CRL_MISSING', { subject }).toData() }];
    const left = Date.parse(nextUpdate) - now;
    if (left > warningMs) return found;
    const failure = new Failure('ROOT_CRL_OLD', { subject, nextUpdate }).toData();
    return [...found, { id, level: left <= 0 ? 'alarm' : 'warning', since: left <= 0 ? nextUpdate : since, failure }];
  });
}
