import { Failure } from '../../contract/index.ts';
import { buildServerTbs, serverHosts, type CertificateProfile, type ServerNames } from '../ca/index.ts';
import { checkOwnRequest, issueOwn, type IssuedOwn, type OwnIssuanceOptions, type OwnKey, type OwnRequest } from './own.ts';

export interface ServerRequest extends OwnRequest, ServerNames {
  /** Null: as long as the profile says. */
  readonly validityDays: number | null;
}

export interface IssuedServer extends IssuedOwn {
  readonly hosts: readonly string[];
}

/** Certificates for brokers, from the issuer that is for nothing else. */
export class ServerIssuance {
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

  /** INVALID_INPUT for names that cannot be and a validity that the profile does not allow, ISSUER_TOO_SHORT, and what the signer refuses. */
  async issue(request: ServerRequest): Promise<IssuedServer> {
    const { validityDays } = request;
    const issuer = this.#options.registry.issuers.current('server');
    if (issuer === null) throw new Failure('SERVER_ISSUER_NONE');
    const hosts = serverHosts(request);
    const issued = await issueOwn(this.#options, request, {
      issuer,
      use: 'server',
      draft: (leaf) => buildServerTbs({ ...leaf, hosts, ...(validityDays === null ? {} : { validityDays }) }),
      action: 'server.issue',
      detail: () => ({ hosts }),
    });
    return { ...issued, hosts };
  }
}
