import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, unwrap, type CrlView } from '../../contract/index.ts';
import { crlToPem, isSuperset, writeCrl, type CrlSigner } from '../ca/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { IssuerRecord, Registry } from '../registry/index.ts';

export interface CrlBuilderOptions {
  readonly registry: Registry;
  readonly issuer: IssuerRecord;
  readonly distributionPoint: string;
  readonly dir: string;
  readonly sign: CrlSigner;
  readonly clock: Clock;
  /** From thisUpdate to nextUpdate. */
  readonly lifetimeHours: number;
  /** A CRL older than this is built anew on the clock. */
  readonly renewAfterMinutes: number;
}

export type CrlBuild = CrlView;

/** The CRLs of one issuer: numbered, a superset of the one before, written whole or not at all. */
export class CrlBuilder {
  readonly #options: CrlBuilderOptions;

  constructor(options: CrlBuilderOptions) {
    this.#options = options;
  }

  newest(): CrlView | null {
    return this.#options.registry.revocations.crls(this.#options.issuer.id, 1)[0] ?? null;
  }

  has(): boolean {
    return this.newest() !== null;
  }

  /** Due on the clock. */
  isDue(): boolean {
    const newest = this.newest();
    return newest === null || this.#options.clock.now() - Date.parse(newest.thisUpdate) > this.#options.renewAfterMinutes * 60_000;
  }

  current(): { issuer: string; number: number; pem: string } {
    const newest = unwrap(this.newest(), 'a CRL was built before');
    return { issuer: newest.issuer, number: newest.number, pem: crlToPem(readFileSync(this.#path(newest.number))) };
  }

  /** Builds, signs and checks the next CRL; SESSION_NONE and its kin when nobody allowed the token to sign. */
  async build(): Promise<CrlBuild> {
    const { registry, issuer, distributionPoint, clock, lifetimeHours, sign } = this.#options;
    const before = this.newest();
    const number = registry.revocations.nextCrlNumber(issuer.id);
    const path = this.#path(number);
    const now = clock.now();
    const thisUpdate = instant(now);
    const included = registry.revocations.waiting().filter((one) => one.crlNumber === null);
    // An entry leaves one CRL after its certificate has ended: it must stand in the last CRL that was made before that end.
    const keepAfter = before?.thisUpdate ?? thisUpdate;
    const snapshot = registry.revocationSnapshot();
    try {
      const written = await writeCrl({
        issuerCertificate: issuer.certificate,
        number,
        thisUpdate: new Date(now),
        nextUpdate: new Date(now + lifetimeHours * 3_600_000),
        distributionPoint,
        entries: () => snapshot.entries(issuer.id, keepAfter),
        path,
        sign,
      });
      this.#mustContain(before, path, now);
      const build: CrlBuild = { issuer: issuer.id, number, thisUpdate, nextUpdate: instant(now + lifetimeHours * 3_600_000), ...written, publishedAt: null };
      registry.revocations.recordCrl(build, included.map((one) => one.serial));
      return build;
    } finally {
      snapshot.close();
    }
  }

  #mustContain(before: CrlView | null, path: string, now: number): void {
    if (before === null || !existsSync(this.#path(before.number))) return;
    const missing = isSuperset(readFileSync(this.#path(before.number)), readFileSync(path), now);
    if (missing.length > 0) throw new Failure('CRL_REJECTED', { problem: `it would lose ${String(missing.length)} entries of number ${String(before.number)}` }, missing.slice(0, 3).join(' '));
  }

  #path(number: number): string {
    return join(this.#options.dir, `${this.#options.issuer.id}-${String(number)}.crl`);
  }
}
