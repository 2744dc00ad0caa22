import { Failure, unwrap } from '../../contract/index.ts';
import { buildServiceTbs, type CertificateProfile } from '../ca/index.ts';
import { revokeCertificate } from '../revocation/index.ts';
import { checkOwnRequest, issueOwn, type IssuedOwn, type OwnIssuanceOptions, type OwnKey, type OwnRequest } from './own.ts';

export interface ServiceRequest extends OwnRequest {
  /** What stands in the common name behind `birthmark:`. */
  readonly name: string;
  /** What the audit log calls it. */
  readonly action: string;
}

/** Certificates for clients of the broker that are no devices: the station's observer, and services. */
export class ServiceIssuance {
  readonly #options: OwnIssuanceOptions;

  constructor(options: OwnIssuanceOptions) {
    this.#options = options;
  }

  get profile(): CertificateProfile {
    return this.#options.profile();
  }

  /** INVALID_INPUT, CSR_*, KEY_REUSED. */
  checkRequest(file: Uint8Array): OwnKey {
    return checkOwnRequest(this.#options, file);
  }

  /** What the signer refuses. */
  async issue(request: ServiceRequest): Promise<IssuedOwn> {
    return issueOwn(this.#options, request, {
      issuer: unwrap(this.#options.registry.issuers.current('issuing'), 'a finished station has an issuer'),
      use: 'service',
      draft: (leaf) => buildServiceTbs({ ...leaf, subject: { name: request.name } }),
      action: request.action,
      detail: ({ notAfter }) => ({ notAfter }),
    });
  }

  /** Its name, its password and its certificates. NOT_FOUND. */
  remove(username: string, actor: string): void {
    const { registry } = this.#options;
    registry.store.transaction(() => {
      if (!registry.logins.remove(username, actor)) throw new Failure('NOT_FOUND', { kind: 'login', id: username });
      for (const serial of registry.certificates.ofService(username))
        revokeCertificate(registry, serial, { reason: 'cessationOfOperation', note: 'the service was removed', actor });
    });
  }
}
