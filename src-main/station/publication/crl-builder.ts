import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, unwrap, type CrlView } from '../../contract/index.ts';
import { crlToPem, missingFrom, readCrl, readIssuer, writeCrl, type CrlEntry, type CrlSigner } from '../ca/index.ts';
import type { PublishedCrl } from '../broker/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { IssuerRecord, Registry } from '../registry/index.ts';

export interface CrlBuilderOptions {
  readonly registry: Registry;
  readonly issuer: IssuerRecord;
  /** URI in the certificates and in the CRL. */
  readonly distributionPoint: string;
  readonly dataDir: string;
  /** A new stream to the signer for each CRL. */
  readonly sign: () => CrlSigner;
  readonly clock: Clock;
}

/** From thisUpdate to nextUpdate: an expired CRL locks every device of the issuer out. */
const lifetimeMs = 24 * 3_600_000;
/** Built anew on the clock at this age. */
const renewMs = 3_600_000;
/** How many of the newest CRLs `files` names. */
const keptForDoctor = 1_000;

/** The CRLs of one issuer: numbered, a superset of the one before, written whole or not at all. */
export class CrlBuilder {
  readonly #options: CrlBuilderOptions;

  constructor(options: CrlBuilderOptions) {
    this.#options = options;
    mkdirSync(join(options.dataDir, 'crl'), { recursive: true, mode: 0o700 });
  }

  newest(): CrlView | null {
    return this.#options.registry.revocations.crls(this.#options.issuer.id, 1)[0] ?? null;
  }

  /** Due on the clock, or never built. */
  isDue(): boolean {
    const newest = this.newest();
    return newest === null || this.#options.clock.now() - Date.parse(newest.thisUpdate) > renewMs;
  }

  /** Paths of the CRLs that are kept, by number. */
  files(): string[] {
    const numbers = this.#options.registry.revocations.crls(this.#options.issuer.id, keptForDoctor).map((crl) => crl.number);
    return numbers
      .reverse()
      .map((number) => this.#path(number))
      .filter((path) => existsSync(path));
  }

  get issuer(): IssuerRecord {
    return this.#options.issuer;
  }

  newestFile(): string | null {
    return this.files().at(-1) ?? null;
  }

  current(): PublishedCrl {
    const newest = unwrap(this.newest(), 'a CRL was built before');
    const { der } = readCrl(this.#path(newest.number));
    return { issuer: newest.issuer, number: newest.number, pem: crlToPem(der), expired: this.#options.registry.revocations.expired() };
  }

  /** Builds, signs and checks the next CRL; SESSION_NONE and its kin when nobody allowed the token to sign. */
  async build(): Promise<CrlView> {
    const { registry, issuer, distributionPoint, clock, sign } = this.#options;
    const before = this.newest();
    const now = clock.now();
    const [thisUpdate, nextUpdate] = [now, now + lifetimeMs];
    const number = registry.revocations.nextCrlNumber(issuer.id);
    const path = this.#path(number);
    const included = registry.revocations.unlisted(issuer.id);
    // An entry leaves one CRL after its certificate has ended: it stands in the first CRL that is made after that end.
    const keepAfter = before?.thisUpdate ?? instant(now);
    const snapshot = registry.revocationSnapshot();
    try {
      const entries = (): Iterable<CrlEntry> => snapshot.entries(issuer.id, keepAfter);
      const written = await writeCrl({
        issuer: readIssuer(issuer.certificate),
        number,
        thisUpdate,
        nextUpdate,
        uri: distributionPoint,
        entries,
        path,
        sign: sign(),
      });
      this.#mustContain(before, path);
      const crl = { issuer: issuer.id, ...written, thisUpdate: instant(thisUpdate), nextUpdate: instant(nextUpdate) };
      registry.revocations.recordCrl(crl, included);
      return { ...crl, publishedAt: null };
    } finally {
      snapshot.close();
    }
  }

  #mustContain(before: CrlView | null, path: string): void {
    if (before === null || !existsSync(this.#path(before.number))) return;
    const expired = new Set(this.#options.registry.revocations.expired());
    const missing = missingFrom(readCrl(this.#path(before.number)), readCrl(path), (serial) => expired.has(serial));
    if (missing.length > 0)
      throw new Failure(
        'CRL_REJECTED',
        { problem: `it would lose ${String(missing.length)} entries of number ${String(before.number)}` },
        missing.slice(0, 3).join(' '),
      );
  }

  #path(number: number): string {
    return join(this.#options.dataDir, 'crl', `${this.#options.issuer.id}-${String(number)}.crl`);
  }
}
