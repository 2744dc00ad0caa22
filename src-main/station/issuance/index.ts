export { orAbandon } from './abandon.ts';
export { ServiceIssuance } from './services.ts';
export { ServerIssuance, type IssuedServer } from './servers.ts';
import {
  Failure,
  unwrap,
  type AttestationRecord,
  type CallParsed,
  type IssuerKind,
  type SigningProfile,
  type KeyAlgorithm,
  type SessionTerms,
  type SignerClient,
  type TokenRef,
  type WorkOrder,
} from '../../contract/index.ts';
import {
  assembleCertificate,
  buildDeviceTbs,
  checkAttestation,
  checkCsrSoon,
  crlUri,
  distributionPoint,
  newSerial,
  partitionOf,
  readCertificate,
  readIssuer,
  signingProfile,
  type AttestationStatement,
  type CertificateProfile,
  type Issuer,
} from '../ca/index.ts';
import { sha256Hex } from '../../der/index.ts';
import { say } from '../../log/index.ts';
import { instant, type Clock } from '../clock.ts';
import { topicRuleOf } from '../topic-rule.ts';
import type { BrokerEndpoint } from '../broker/index.ts';
import type { Credentials, Settings } from '../devices/index.ts';
import { orAbandon } from './abandon.ts';
import type { IssuerRecord, Registry } from '../registry/index.ts';

export interface IssuanceOptions {
  readonly registry: Registry;
  readonly signer: SignerClient;
  readonly clock: Clock;
  /** For the dates in certificates; throws while the clock is in doubt. */
  readonly certificateClock: Clock;
  readonly profiles: CertificateProfiles;
  readonly crlBase: string;
  /** What a session for devices may sign besides: the station's own certificates. */
  readonly own: () => readonly { readonly kind: IssuerKind; readonly profile: SigningProfile }[];
  /** What devices trust, DER: the root of the broker's certificate, and one that it may have later. */
  readonly trustAnchors: () => readonly Uint8Array[];
  readonly endpoint: () => BrokerEndpoint;
}

/** The certificate profiles for devices; `get` throws NOT_FOUND for an unknown name. */
export interface CertificateProfiles {
  get(name: string): CertificateProfile;
  /** Those and the one of brokers' certificates. */
  signable(name: string): CertificateProfile;
  all(): readonly { readonly profile: CertificateProfile }[];
}

export interface IssuedCertificate {
  readonly serial: string;
  readonly spki: Uint8Array;
  readonly credentials: Credentials;
}

/** The public key of a request that passed the policy (SubjectPublicKeyInfo, DER). */
export interface CheckedRequest {
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
  /** Absent: the device. */
  readonly keyMadeBy?: 'device' | 'station';
  /** What the device proved about its key, where the profile asks for it. */
  readonly attestation?: AttestationRecord | null;
}

type Maker = 'device' | 'station';

/** What a device asks for its certificate with. */
export interface DeviceRequest {
  /** PKCS#10, DER. */
  readonly csr: Uint8Array;
  readonly attestation?: AttestationStatement | null;
  /** `station`: the request is about a key that was made here, because the device profile says so. */
  readonly madeBy?: Maker;
}

const refused = ({ name, keyMadeBy = 'device' }: CertificateProfile, made: Maker): Failure =>
  new Failure('KEY_MAKER_REFUSED', { profile: name, wanted: keyMadeBy, made });

/** On the line the device profile says who makes the key, and a certificate profile may forbid it. */
function mustNotForbid(profile: CertificateProfile, made: Maker): void {
  if (profile.keyMadeBy !== undefined && profile.keyMadeBy !== made && profile.keyMadeBy !== 'either') throw refused(profile, made);
}

/** A bundle is for those certificate profiles alone that say so. */
function mustAllowBundles(profile: CertificateProfile): void {
  if (profile.keyMadeBy !== 'station' && profile.keyMadeBy !== 'either') throw refused(profile, 'station');
}

/** What an officer asks a session for. */
export type SessionWish = CallParsed<'sessions.request'>;

/** Certificates for devices: policy, reservation, signature and record, in this order. */
export class Issuance {
  readonly #options: IssuanceOptions;
  readonly #read = new Map<string, Issuer>();

  constructor(options: IssuanceOptions) {
    this.#options = options;
  }

  /** The one that signs certificates now. */
  get issuer(): IssuerRecord {
    return unwrap(this.#options.registry.issuers.current('issuing'), 'a finished station has an issuer');
  }

  profile(name: string): CertificateProfile {
    return this.#options.profiles.get(name);
  }

  /** CSR_* and ATTESTATION_* by the profile; KEY_REUSED when another device ever had this key. */
  async checkRequest(
    device: string,
    order: WorkOrder,
    { csr, attestation: statement = null, madeBy = 'device' }: DeviceRequest,
  ): Promise<CheckedRequest> {
    const profile = this.profile(order.certificateProfile);
    mustNotForbid(profile, madeBy);
    const checked = await checkCsrSoon(csr, { keyAlgorithms: profile.keyAlgorithms });
    const attestation = checkAttestation(profile, statement, { csr, spki: checked.spki }, this.#options.clock.now());
    this.#options.registry.devices.mustBeFree(checked.spkiSha256, device);
    return { ...checked, attestation, keyMadeBy: madeBy };
  }

  /** The kind of key that the station makes for a device of this order; KEY_MAKER_REFUSED, CSR_KEY_REFUSED. */
  stationKeyAlgorithm(order: WorkOrder, wanted: KeyAlgorithm | null): KeyAlgorithm {
    const profile = this.profile(order.certificateProfile);
    mustAllowBundles(profile);
    const algorithm = wanted ?? unwrap(profile.keyAlgorithms[0], 'a profile allows a kind of key');
    if (!profile.keyAlgorithms.includes(algorithm))
      throw new Failure('CSR_KEY_REFUSED', { found: algorithm, allowed: profile.keyAlgorithms.join(', ') });
    return algorithm;
  }

  /** A key that the station made: no request, no proof of possession, the same KEY_REUSED. */
  checkStationKey(device: string, spki: Uint8Array): CheckedRequest {
    const checked = { spki, spkiSha256: sha256Hex(spki), keyMadeBy: 'station' } as const;
    this.#options.registry.devices.mustBeFree(checked.spkiSha256, device);
    return checked;
  }

  /**
   * Reserved before the token is asked, recorded as SIGNED after it answered: a signature of unknown outcome has a record. The key becomes
   * the device's with the reservation; KEY_REUSED when another device was quicker.
   */
  async issue(request: {
    run: string | null;
    replaces?: string;
    device: string;
    order: WorkOrder;
    checked: CheckedRequest;
    actor: string;
  }): Promise<IssuedCertificate> {
    const { registry, signer, certificateClock, crlBase } = this.#options;
    const { issuer } = this;
    const { run, device, order, checked, actor } = request;
    registry.devices.mustBeApproved(device);
    const [tenant, id] = device.split('/');
    const profile = this.profile(order.certificateProfile);
    const serial = newSerial();
    const partition = partitionOf(serial, issuer.partitions);
    const draft = buildDeviceTbs({
      issuer: this.#issuer(issuer),
      profile,
      spki: checked.spki,
      subject: { tenant: tenant ?? '', device: id ?? '' },
      serial,
      now: certificateClock.now(),
      crlUri: distributionPoint(crlBase, issuer, partition),
    });
    const reservation = {
      serial: draft.serial,
      issuer: issuer.id,
      partition,
      use: 'device',
      device,
      run,
      order: order.id,
      spkiSha256: checked.spkiSha256,
      keyMadeBy: checked.keyMadeBy ?? 'device',
      attestation: checked.attestation ?? null,
      notBefore: draft.notBefore,
      notAfter: draft.notAfter,
      replaces: request.replaces ?? null,
    } as const;
    await registry.store.grouped(() => {
      registry.devices.claimKey(checked.spkiSha256, device);
      registry.certificates.reserve(reservation, actor);
    });
    const key = { ckaId: issuer.ckaId, spkiSha256: issuer.spkiSha256 };
    const sign = async (): Promise<Buffer> => {
      const { signature } = await signer('sign.certificate', { key, profile: profile.name, tbs: draft.tbs });
      const signed = assembleCertificate(draft.tbs, issuer, signature);
      const fingerprint = sha256Hex(signed);
      await registry.store.grouped(() => registry.certificates.signed(draft.serial, signed, fingerprint, actor));
      say('debug', 'issuance', 'certificate recorded in the database', { serial: draft.serial, device });
      return signed;
    };
    // A run that fails ends what was reserved for it itself.
    const certificate = run === null ? await orAbandon(registry, draft.serial, actor, sign) : await sign();
    return { serial: draft.serial, spki: checked.spki, credentials: this.#credentials(device, certificate, issuer) };
  }

  /** What goes onto a device besides its certificate and key. */
  settings(device: string): Settings {
    const { host, port, serverName } = this.#options.endpoint();
    return {
      trustAnchors: this.#options.trustAnchors(),
      broker: { host, port, serverName, clientId: device, topicBase: topicRuleOf(this.#options.registry.settings).base(device) },
    };
  }

  /** A certificate that was issued before, as it is on the unit. */
  issued(serial: string): IssuedCertificate {
    const row = unwrap(this.#options.registry.certificates.get(serial), `certificate ${serial} is in the registry`);
    const certificate = unwrap(row.der, `certificate ${serial} was signed`);
    const issuer = unwrap(this.#options.registry.issuers.get(row.issuer), 'the issuer of a certificate is kept');
    return { serial, spki: readCertificate(certificate).spki, credentials: this.#credentials(row.device, certificate, issuer) };
  }

  /** What a new signing session may do, for the signer to enforce. */
  sessionTerms(asked: SessionWish & { readonly operator: string; readonly token: TokenRef }): SessionTerms {
    const { registry, clock } = this.#options;
    const { profiles: known } = this.#options;
    const chosen = asked.profiles?.map((name) => known.signable(name)) ?? known.all().map(({ profile }) => profile);
    const profiles = asked.kind === 'crl-only' ? [] : chosen;
    const issuer = profiles.length > 0 && profiles.every(({ use }) => use === 'server') ? this.#serverIssuer : this.issuer;
    // A session that an officer has narrowed to profiles is for these.
    const own = asked.kind === 'issue' && asked.profiles === null ? this.#own() : [];
    return {
      kind: asked.kind,
      issuer: issuer.id,
      token: asked.token,
      authorities: registry.issuers.signsCrls().map((one) => ({
        key: { ckaId: one.ckaId, spkiSha256: one.spkiSha256 },
        certificate: one.certificate,
        profiles: [
          ...profiles.filter((profile) => this.#signs(one, profile)).map(({ name }) => name),
          ...own.filter(({ issuer: id }) => id === one.id).map(({ profile }) => profile.name),
        ],
      })),
      profiles: [...profiles.map((profile) => signingProfile(profile)), ...own.map(({ profile }) => profile)],
      tenants: asked.tenants,
      relearn: asked.relearn ? registry.issuers.signsCrls().flatMap((one) => this.#lastNumbers(one)) : null,
      distributionPoints: registry.issuers.signsCrls().map((one) => ({ ckaId: one.ckaId, uris: this.#crlUris(one) })),
      quota: asked.quota,
      until: instant(clock.now() + asked.minutes * 60_000),
      idleMinutes: asked.idleMinutes ?? asked.minutes,
      perMinute: asked.perMinute,
      operator: asked.operator,
      reason: asked.reason,
    };
  }

  /** The lists of a CA, one for each partition. */
  #crlUris({ id, partitions }: IssuerRecord): string[] {
    return Array.from({ length: partitions }, (_, partition) => crlUri(this.#options.crlBase, id, partition));
  }

  #lastNumbers(issuer: IssuerRecord): { ckaId: string; uri: string; number: number }[] {
    return this.#crlUris(issuer).map((uri, partition) => {
      const number = this.#options.registry.crls.lastNumber({ issuer: issuer.id, partition });
      return { ckaId: issuer.ckaId, uri, number };
    });
  }

  #own(): { readonly issuer: string; readonly profile: SigningProfile }[] {
    return this.#options.own().flatMap(({ kind, profile }) => {
      const issuer = this.#options.registry.issuers.current(kind)?.id;
      return issuer === undefined ? [] : [{ issuer, profile }];
    });
  }

  /** Each kind of certificate has an issuer of its own: the newest that is active. */
  #signs(issuer: IssuerRecord, { use }: CertificateProfile): boolean {
    return issuer.id === (use === 'server' ? this.#serverIssuer : this.issuer).id;
  }

  get #serverIssuer(): IssuerRecord {
    const found = this.#options.registry.issuers.current('server');
    if (found === null) throw new Failure('SERVER_ISSUER_NONE');
    return found;
  }

  #issuer({ id, certificate }: IssuerRecord): Issuer {
    const known = this.#read.get(id) ?? readIssuer(certificate);
    this.#read.set(id, known);
    return known;
  }

  #credentials(device: string, certificate: Uint8Array, issuer: IssuerRecord): Credentials {
    return { ...this.settings(device), certificateChain: [certificate, issuer.certificate, ...issuer.chain.slice(0, -1)] };
  }
}
