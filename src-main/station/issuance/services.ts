import { Failure, unwrap, type CertificateRow, type SignerClient } from '../../contract/index.ts';
import {
  assembleCertificate,
  buildServiceTbs,
  checkCsr,
  crlUri,
  newSerial,
  partitionOf,
  readCertificate,
  readIssuer,
  requestFromFile,
  type CertificateProfile,
} from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import type { Registry } from '../registry/index.ts';
import { orAbandon } from './abandon.ts';

export interface ServiceIssuanceOptions {
  readonly registry: Registry;
  readonly signer: SignerClient;
  readonly clock: Clock;
  readonly crlBase: string;
  readonly profile: () => CertificateProfile;
}

export interface ServiceRequest {
  /** What stands in the common name behind `birthmark:`. */
  readonly name: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
  /** The session's profile to sign under. */
  readonly signAs: string;
  readonly actor: string;
  /** What the audit log calls it. */
  readonly action: string;
}

/** Certificates for clients of the broker that are no devices: the station's observer, and services. */
export class ServiceIssuance {
  readonly #options: ServiceIssuanceOptions;

  constructor(options: ServiceIssuanceOptions) {
    this.#options = options;
  }

  get profile(): CertificateProfile {
    return this.#options.profile();
  }

  /** The key of a service's PKCS#10 request, PEM or DER. INVALID_INPUT, CSR_*, KEY_REUSED for a device's or a CA's key. */
  checkRequest(file: Uint8Array): Pick<ServiceRequest, 'spki' | 'spkiSha256'> {
    const { registry } = this.#options;
    const { spki, spkiSha256 } = checkCsr(requestFromFile(file), { keyAlgorithms: this.profile.keyAlgorithms });
    const owner = registry.devices.ownerOfKey(spkiSha256) ?? registry.issuers.all().find((one) => one.spkiSha256 === spkiSha256)?.subject;
    if (owner !== undefined) throw new Failure('KEY_REUSED', { device: owner });
    return { spki, spkiSha256 };
  }

  /** Reserved, signed, recorded and ACTIVE; certificate first, then what is above it but the root, DER. What the signer refuses. */
  async issue(request: ServiceRequest): Promise<{ readonly row: CertificateRow; readonly chain: readonly Uint8Array[] }> {
    const { registry, signer, clock, crlBase } = this.#options;
    const { name, spki, spkiSha256, signAs, actor, action } = request;
    const issuer = unwrap(registry.issuers.current('issuing'), 'a finished station has an issuer');
    const serial = newSerial();
    const partition = partitionOf(serial, issuer.partitions);
    const draft = buildServiceTbs({
      issuer: readIssuer(issuer.certificate),
      profile: this.profile,
      spki,
      subject: { name },
      serial,
      now: clock.now(),
      crlUri: crlUri(crlBase, issuer.id, partition),
    });
    const { commonName, notBefore, notAfter } = draft;
    const names = { serial, issuer: issuer.id, partition, use: 'service', device: commonName, run: null, order: null } as const;
    registry.certificates.reserve({ ...names, spkiSha256, notBefore, notAfter }, actor);
    const key = { ckaId: issuer.ckaId, spkiSha256: issuer.spkiSha256 };
    const certificate = await orAbandon(registry, serial, actor, async () => {
      const { signature } = await signer('sign.certificate', { key, profile: signAs, tbs: draft.tbs });
      const signed = assembleCertificate(draft.tbs, issuer, signature);
      registry.store.transaction(() => {
        registry.certificates.signed(serial, signed, readCertificate(signed).fingerprint, actor);
        registry.certificates.activate(serial, actor);
        registry.store.audit(actor, action, commonName, { serial, notAfter });
      });
      return signed;
    });
    const row = unwrap(registry.certificates.get(serial), 'it was just recorded');
    return { row, chain: [certificate, issuer.certificate, ...issuer.chain.slice(0, -1)] };
  }
}
