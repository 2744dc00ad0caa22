import { Failure, unwrap, type CrlView, type SignerClient } from '../../contract/index.ts';
import { crlSigner, crlUri } from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import type { IssuerRecord, Registry } from '../registry/index.ts';
import { sweepUnfinished } from './crl-archive.ts';
import { CrlBuilder } from './crl-builder.ts';
import { crlSettings } from './crl-settings.ts';

export interface CrlSetOptions {
  readonly registry: Registry;
  /** Where CRLs can be fetched, as it stands in the certificates. */
  readonly crlBase: string;
  readonly dataDir: string;
  readonly signer: SignerClient;
  /** Who granted the session that signs. */
  readonly grantedBy: () => string | undefined;
  readonly clock: Clock;
}

/** The CRLs of every CA that owes one: issuers of devices that sign or retire, the issuer of brokers' certificates, the root. */
export class CrlSet {
  readonly #options: CrlSetOptions;
  readonly #builders = new Map<string, CrlBuilder>();

  constructor(options: CrlSetOptions) {
    this.#options = options;
  }

  /** At the start, before anything is built: what an earlier life was killed over is put away. */
  recover(): void {
    sweepUnfinished(this.#options.dataDir);
  }

  builders(): CrlBuilder[] {
    return this.#options.registry.issuers.signsCrls().flatMap((issuer) => this.#of(issuer));
  }

  /** Of every issuer that there ever was. */
  all(): CrlBuilder[] {
    return this.#options.registry.issuers.all().flatMap((issuer) => this.#of(issuer));
  }

  /** Those that brokers need: of whoever issues to devices. */
  forBrokers(): CrlBuilder[] {
    return this.builders().filter(({ issuer }) => issuer.kind === 'issuing');
  }

  /** Of the issuer that signs certificates now, a builder for each partition. */
  current(): CrlBuilder[] {
    return this.#of(unwrap(this.#options.registry.issuers.current('issuing'), 'a finished station has an issuer'));
  }

  /** Of any issuer that there ever was, the one that signs certificates now where none is named. NOT_FOUND. */
  find(issuer: string | null, partition: number): CrlBuilder {
    const { issuers } = this.#options.registry;
    const record = issuer === null ? issuers.current('issuing') : issuers.get(issuer);
    if (record === null || partition >= record.partitions)
      throw new Failure('NOT_FOUND', { kind: 'CRL of', id: `${issuer ?? 'the issuer'}, partition ${String(partition)}` });
    return this.#builder(record, partition);
  }

  /** Of the issuer that signs certificates now: the one that ends first. */
  newest(): CrlView | null {
    const newest = this.current().map((builder) => builder.newest());
    const all = newest.filter((crl) => crl !== null);
    return all.length < newest.length ? null : (all.sort((a, b) => a.nextUpdate.localeCompare(b.nextUpdate))[0] ?? null);
  }

  isDue(): boolean {
    return this.builders().some((builder) => builder.isDue());
  }

  #of(issuer: IssuerRecord): CrlBuilder[] {
    return Array.from({ length: issuer.partitions }, (_, partition) => this.#builder(issuer, partition));
  }

  #builder(issuer: IssuerRecord, partition: number): CrlBuilder {
    const name = `${issuer.id}/${String(partition)}`;
    const known = this.#builders.get(name);
    if (known !== undefined) return known;
    const { registry, crlBase, dataDir, signer, grantedBy, clock } = this.#options;
    const key = { ckaId: issuer.ckaId, spkiSha256: issuer.spkiSha256 };
    const builder = new CrlBuilder({
      registry,
      issuer,
      partition,
      distributionPoint: crlUri(crlBase, issuer.id, partition),
      dataDir,
      sign: () => crlSigner(signer, key),
      grantedBy,
      lifetimeMs: () => crlSettings(registry).nextUpdateHours * 3_600_000,
      clock,
    });
    this.#builders.set(name, builder);
    return builder;
  }
}
