import { Failure, unwrap, type CertificateRow, type SignerClient } from '../../contract/index.ts';
import {
  assembleCertificate,
  buildServerTbs,
  checkCsr,
  crlUri,
  newSerial,
  partitionOf,
  readCertificate,
  readIssuer,
  requestFromFile,
  serverHosts,
  type CertificateProfile,
  type ServerNames,
} from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import { orAbandon } from './abandon.ts';
import type { Registry } from '../registry/index.ts';

export interface ServerIssuanceOptions {
  readonly registry: Registry;
  readonly signer: SignerClient;
  readonly clock: Clock;
  readonly crlBase: string;
  readonly profile: () => CertificateProfile;
}

export interface ServerRequest extends ServerNames {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
  /** Null: as long as the profile says. */
  readonly validityDays: number | null;
  /** The session's profile to sign under. */
  readonly signAs: string;
  readonly actor: string;
}

export interface IssuedServer {
  readonly row: CertificateRow;
  readonly hosts: readonly string[];
  /** Certificate first, then what is above it but the root. DER. */
  readonly chain: readonly Uint8Array[];
}

/** Certificates for brokers, from the issuer that is for nothing else. */
export class ServerIssuance {
  readonly #options: ServerIssuanceOptions;

  constructor(options: ServerIssuanceOptions) {
    this.#options = options;
  }

  get profile(): CertificateProfile {
    return this.#options.profile();
  }

  /** The key of a broker's PKCS#10 request, PEM or DER, by the policy for requests. INVALID_INPUT, CSR_*, KEY_REUSED for a device's or a CA's key. */
  checkRequest(file: Uint8Array): Pick<ServerRequest, 'spki' | 'spkiSha256'> {
    const { registry } = this.#options;
    const { spki, spkiSha256 } = checkCsr(requestFromFile(file), { keyAlgorithms: this.profile.keyAlgorithms });
    const owner = registry.devices.ownerOfKey(spkiSha256) ?? registry.issuers.all().find((one) => one.spkiSha256 === spkiSha256)?.subject;
    if (owner !== undefined) throw new Failure('KEY_REUSED', { device: owner });
    return { spki, spkiSha256 };
  }

  /**
   * Reserved, signed, recorded and ACTIVE. INVALID_INPUT for names that cannot be and a validity that the profile does not allow,
   * ISSUER_TOO_SHORT, and what the signer refuses.
   */
  async issue(request: ServerRequest): Promise<IssuedServer> {
    const { registry, signer, clock, crlBase } = this.#options;
    const { actor, spki, spkiSha256, validityDays } = request;
    const issuer = registry.issuers.current('server');
    if (issuer === null) throw new Failure('NOT_FOUND', { kind: 'issuer of server certificates', id: 'none that is active' });
    const hosts = serverHosts(request);
    const serial = newSerial();
    const partition = partitionOf(serial, issuer.partitions);
    const draft = buildServerTbs({
      issuer: readIssuer(issuer.certificate),
      profile: this.profile,
      spki,
      hosts,
      serial,
      now: clock.now(),
      crlUri: crlUri(crlBase, issuer.id, partition),
      ...(validityDays === null ? {} : { validityDays }),
    });
    const { commonName, notBefore, notAfter } = draft;
    registry.certificates.reserve(
      { serial, issuer: issuer.id, partition, use: 'server', device: commonName, run: null, order: null, spkiSha256, notBefore, notAfter },
      actor,
    );
    const key = { ckaId: issuer.ckaId, spkiSha256: issuer.spkiSha256 };
    const certificate = await orAbandon(registry, serial, actor, async () => {
      const { signature } = await signer('sign.certificate', { key, profile: request.signAs, tbs: draft.tbs });
      const signed = assembleCertificate(draft.tbs, issuer, signature);
      registry.store.transaction(() => {
        registry.certificates.signed(serial, signed, readCertificate(signed).fingerprint, actor);
        registry.certificates.activate(serial, actor);
        registry.store.audit(actor, 'server.issue', commonName, { serial, hosts });
      });
      return signed;
    });
    const row = unwrap(registry.certificates.get(serial), 'it was just recorded');
    return { row, hosts, chain: [certificate, issuer.certificate, ...issuer.chain.slice(0, -1)] };
  }
}
