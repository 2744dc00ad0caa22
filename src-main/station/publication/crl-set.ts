import { unwrap, type CrlView, type SignerClient } from '../../contract/index.ts';
import { crlSigner, crlUri } from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import type { IssuerRecord, Registry } from '../registry/index.ts';
import { CrlBuilder } from './crl-builder.ts';

export interface CrlSetOptions {
  readonly registry: Registry;
  /** Where CRLs can be fetched, as it stands in the certificates. */
  readonly crlBase: string;
  readonly dataDir: string;
  readonly signer: SignerClient;
  readonly clock: Clock;
}

/** The CRLs of every CA that owes one: issuers of devices that sign or retire, the issuer of brokers' certificates, the root. */
export class CrlSet {
  readonly #options: CrlSetOptions;
  readonly #builders = new Map<string, CrlBuilder>();

  constructor(options: CrlSetOptions) {
    this.#options = options;
  }

  builders(): CrlBuilder[] {
    return this.#options.registry.issuers.signsCrls().map((issuer) => this.#builder(issuer));
  }

  /** Those that brokers need: of whoever issues to devices. */
  forBrokers(): CrlBuilder[] {
    return this.builders().filter(({ issuer }) => issuer.kind === 'issuing');
  }

  /** Of the issuer that signs certificates now. */
  current(): CrlBuilder {
    return this.#builder(unwrap(this.#options.registry.issuers.current('issuing'), 'a finished station has an issuer'));
  }

  newest(): CrlView | null {
    return this.current().newest();
  }

  isDue(): boolean {
    return this.builders().some((builder) => builder.isDue());
  }

  #builder(issuer: IssuerRecord): CrlBuilder {
    const known = this.#builders.get(issuer.id);
    if (known !== undefined) return known;
    const { registry, crlBase, dataDir, signer, clock } = this.#options;
    const key = { ckaId: issuer.ckaId, spkiSha256: issuer.spkiSha256 };
    const builder = new CrlBuilder({
      registry,
      issuer,
      distributionPoint: crlUri(crlBase, issuer.id),
      dataDir,
      sign: () => crlSigner(signer, key),
      clock,
    });
    this.#builders.set(issuer.id, builder);
    return builder;
  }
}
