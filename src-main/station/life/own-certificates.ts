import { isIP } from 'node:net';
import { unwrap, type IssuerKind, type SignerClient, type SigningProfile } from '../../contract/index.ts';
import {
  assembleCertificate,
  buildServiceTbs,
  certificateToPem,
  crlUri,
  newSerial,
  partitionOf,
  readCertificate,
  readIssuer,
  signingProfile,
  type CertificateProfile,
} from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import { orAbandon, type ServerIssuance } from '../issuance/index.ts';
import type { Registry } from '../registry/index.ts';
import { makeKey, type OwnIdentities } from '../setup/index.ts';

/** What ends while the station lives; its canaries last as long as their issuer. */
export type OwnName = 'observer' | 'broker';

export interface OwnCertificateParts {
  readonly registry: Registry;
  readonly signer: SignerClient;
  readonly clock: Clock;
  readonly crlBase: string;
  readonly servers: ServerIssuance;
  readonly service: () => CertificateProfile;
  readonly identities: OwnIdentities;
  /** The broker that the station runs takes its new certificate over; null: it runs none, and the broker's certificate is its administrator's. */
  readonly useServer: ((identity: { readonly certificatePem: string; readonly keyPem: string }) => Promise<void>) | null;
}

const dayMs = 86_400_000;
const dueDays = 30;
/** An officer who opens a session once in a fortnight is in time. */
const alarmDays = 14;
const actor = 'upkeep';
const signAs: Readonly<Record<OwnName, string>> = { observer: 'station-observer', broker: 'station-broker' };

/** Certificates that the station has for itself, for its observer and the broker that it runs: it renews them while a session allows it. */
export class OwnCertificates {
  readonly #parts: OwnCertificateParts;

  constructor(parts: OwnCertificateParts) {
    this.#parts = parts;
  }

  /** What a session for devices may sign besides: these two, and under these names only. */
  signing(): { readonly kind: IssuerKind; readonly profile: SigningProfile }[] {
    const { service, servers } = this.#parts;
    const { dns, ips } = this.#hosts();
    return [
      { kind: 'issuing', profile: { ...signingProfile({ ...service(), commonName: 'birthmark:observer' }), name: signAs.observer } },
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

  /** A new key and certificate, in use when it resolves. What the signer refuses; then the old one stays. */
  async renew(name: OwnName): Promise<void> {
    await (name === 'observer' ? this.#renewObserver() : this.#renewBroker());
  }

  #endingWithin(days: number): { readonly name: OwnName; readonly notAfter: string }[] {
    const { identities, clock, useServer } = this.#parts;
    const names: readonly OwnName[] = useServer === null ? ['observer'] : ['observer', 'broker'];
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

  async #renewObserver(): Promise<void> {
    const { registry, signer, clock, crlBase, service, identities } = this.#parts;
    const issuer = unwrap(registry.issuers.current('issuing'), 'a finished station has an issuer');
    const { spki, spkiSha256, keyPem } = makeKey();
    const serial = newSerial();
    const partition = partitionOf(serial, issuer.partitions);
    const draft = buildServiceTbs({
      issuer: readIssuer(issuer.certificate),
      profile: service(),
      spki,
      subject: { name: 'observer' },
      serial,
      now: clock.now(),
      crlUri: crlUri(crlBase, issuer.id, partition),
    });
    const { commonName, notBefore, notAfter } = draft;
    const names = { serial, issuer: issuer.id, partition, use: 'service', device: commonName, run: null, order: null } as const;
    registry.certificates.reserve({ ...names, spkiSha256, notBefore, notAfter }, actor);
    const key = { ckaId: issuer.ckaId, spkiSha256: issuer.spkiSha256 };
    const certificate = await orAbandon(registry, serial, actor, async () => {
      const { signature } = await signer('sign.certificate', { key, profile: signAs.observer, tbs: draft.tbs });
      const signed = assembleCertificate(draft.tbs, issuer, signature);
      registry.store.transaction(() => {
        registry.certificates.signed(serial, signed, readCertificate(signed).fingerprint, actor);
        registry.certificates.activate(serial, actor);
        registry.store.audit(actor, 'station.renew', commonName, { serial, notAfter });
      });
      return signed;
    });
    const chain = [certificate, issuer.certificate, ...issuer.chain.slice(0, -1)];
    identities.replace('observer', { keyPem, certificatePem: chain.map(certificateToPem).join('') });
  }

  async #renewBroker(): Promise<void> {
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
