import { rmSync } from 'node:fs';
import { Failure, unwrap, type CrlView } from '../../contract/index.ts';
import {
  CrlFile,
  crlToPem,
  knownSignature,
  lostEntries,
  readCrl,
  readIssuer,
  withCrlFile,
  writeCrl,
  type CrlEntry,
  type CrlSigner,
  type Issuer,
  type WrittenCrl,
} from '../ca/index.ts';
import type { PublishedCrl } from '../broker/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { CrlScope, IssuerRecord, Registry } from '../registry/index.ts';
import { CrlArchive } from './crl-archive.ts';

export interface CrlBuilderOptions {
  readonly registry: Registry;
  readonly issuer: IssuerRecord;
  readonly partition: number;
  /** URI in the certificates, and in the CRL where the issuer has several. */
  readonly distributionPoint: string;
  readonly dataDir: string;
  /** A new stream to the signer for each CRL. */
  readonly sign: () => CrlSigner;
  /** Who granted the session that signs; nobody when there is none. */
  readonly grantedBy: () => string | undefined;
  /** From thisUpdate to nextUpdate. */
  readonly lifetimeMs: () => number;
  readonly clock: Clock;
}

/** Built anew on the clock at this age. */
export const renewMs = 3_600_000;
/** The broker host may still have a list as old as that many numbers: what left since then may be missing from the new one. */
const leftMargin = 64;

/** The CRLs of one partition of an issuer: numbered, a superset of the one before, written whole or not at all. */
export class CrlBuilder {
  readonly scope: CrlScope;
  readonly #options: CrlBuilderOptions;
  readonly #archive: CrlArchive;
  readonly #issuer: Issuer;

  constructor(options: CrlBuilderOptions) {
    this.#options = options;
    this.scope = { issuer: options.issuer.id, partition: options.partition };
    this.#archive = new CrlArchive(options.dataDir, this.scope);
    this.#issuer = readIssuer(options.issuer.certificate);
  }

  get issuer(): IssuerRecord {
    return this.#options.issuer;
  }

  /** Whether a list of this issuer with this distribution point is one of these; earlier versions named it in the only list of an issuer, too. */
  isFor(point: string | null): boolean {
    const { distributionPoint, issuer } = this.#options;
    return point === distributionPoint || (point === null && issuer.partitions === 1);
  }

  /** Whether this is its distribution point. */
  isAt(uri: string): boolean {
    return uri === this.#options.distributionPoint;
  }

  newest(): CrlView | null {
    return this.#options.registry.crls.newest(this.scope);
  }

  /** Revocations that no CRL carries yet. */
  unlisted(): { readonly count: number; readonly since: string | null } {
    return this.#options.registry.crls.unlisted(this.scope);
  }

  /** Due on the clock, or never built; also when the clock was set back to before the newest one. */
  isDue(): boolean {
    const newest = this.newest();
    return newest === null || Math.abs(this.#options.clock.now() - Date.parse(newest.thisUpdate)) > renewMs;
  }

  /** Paths of the CRLs that are kept as files, by number. */
  files(): string[] {
    return this.#archive
      .numbers()
      .filter((number) => this.#options.registry.crls.get(this.scope, number) !== null)
      .map((number) => this.#archive.path(number));
  }

  /** Paths of the files that are newer than what the registry knows: it was restored from a backup. */
  unknownFiles(): string[] {
    const known = this.newest()?.number ?? 0;
    return this.#archive
      .numbers()
      .filter((number) => number > known)
      .map((number) => this.#archive.path(number));
  }

  newestFile(): string | null {
    return this.files().at(-1) ?? null;
  }

  /** The highest number among the files; a registry that was restored from a backup may not know it. */
  highestNumber(): number {
    return this.#archive.numbers().at(-1) ?? 0;
  }

  current(): PublishedCrl {
    const { registry, issuer, partition } = this.#options;
    const { number } = unwrap(this.newest(), 'a CRL was built before');
    const { der } = readCrl(this.#archive.path(number));
    const expired = registry.crls.leftSince(this.scope, registry.crls.publishedNumber(this.scope) - leftMargin);
    return { issuer: issuer.id, partition, partitions: issuer.partitions, number, pem: crlToPem(der), expired };
  }

  /**
   * Builds, signs and checks the next CRL, with a number above `above`. SESSION_NONE and its kin when nobody allowed the token to sign;
   * CRL_REJECTED when it would lose an entry: then nothing has changed.
   */
  async build(above = 0): Promise<CrlView> {
    const { registry, clock, grantedBy } = this.#options;
    const sign = this.#options.sign();
    await sign.begin();
    // The session may end with this very signature.
    const actor = grantedBy();
    const now = clock.now();
    const [thisUpdate, nextUpdate] = [now, now + this.#options.lifetimeMs()];
    const snapshot = registry.revocationSnapshot();
    try {
      // An entry leaves one CRL after its certificate has ended: it stands in the first CRL that is made after that end.
      const keepAfter = instant(Math.min(now, Date.parse(this.newest()?.thisUpdate ?? instant(now))));
      const number = registry.crls.nextNumber(this.scope, Math.max(above, this.highestNumber()));
      const namesPoint = this.#options.issuer.partitions > 1;
      const written = await this.#write(
        { number, thisUpdate, nextUpdate, namesPoint },
        () => snapshot.entries(this.scope, keepAfter),
        sign,
      );
      await this.#mustContain((serial) => registry.crls.mayLeave(this.scope, serial, keepAfter));
      await this.#archive.keep(number);
      const crl = { ...this.scope, ...written, namesPoint, thisUpdate: instant(thisUpdate), nextUpdate: instant(nextUpdate) };
      registry.crls.record(crl, { upTo: snapshot.upTo, keepAfter }, unwrap(actor ?? grantedBy(), 'what signs has a session'));
      this.#archive.sweep();
      return unwrap(registry.crls.get(this.scope, number), 'the CRL was just recorded');
    } finally {
      snapshot.close();
      rmSync(this.#archive.draft, { force: true });
    }
  }

  /** The path of any CRL that there ever was; one that is not kept as a file is written again first. NOT_FOUND, CRL_REJECTED. */
  async pathOf(number: number): Promise<string> {
    if (this.#archive.has(number)) return this.#archive.path(number);
    await this.writeAgain(number, this.#archive.again(number));
    return this.#archive.again(number);
  }

  /** Writes an earlier CRL to `path`, from its file or anew; then its signature shows that it is the same. NOT_FOUND, CRL_REJECTED. */
  async writeAgain(number: number, path: string): Promise<void> {
    const { registry } = this.#options;
    const [crl, signature] = [registry.crls.get(this.scope, number), registry.crls.signature(this.scope, number)];
    if (crl === null || signature === null) throw new Failure('NOT_FOUND', { kind: 'CRL', id: String(number) });
    const snapshot = registry.revocationSnapshot();
    try {
      const times = { thisUpdate: Date.parse(crl.thisUpdate), nextUpdate: Date.parse(crl.nextUpdate) };
      const namesPoint = registry.crls.namesPoint(this.scope, number);
      await this.#write({ number, ...times, namesPoint }, () => snapshot.entriesOf(this.scope, number), knownSignature(signature), path);
    } finally {
      snapshot.close();
    }
  }

  #write(
    {
      namesPoint,
      ...head
    }: { readonly number: number; readonly thisUpdate: number; readonly nextUpdate: number; readonly namesPoint: boolean },
    entries: () => Iterable<CrlEntry>,
    sign: CrlSigner,
    path = this.#archive.draft,
  ): Promise<WrittenCrl> {
    const latest = instant(head.thisUpdate);
    return writeCrl({
      ...head,
      issuer: this.#issuer,
      uri: namesPoint ? this.#options.distributionPoint : null,
      entries: () => notAfter(entries(), latest),
      path,
      sign,
    });
  }

  /** The draft against the newest CRL that there is as a file, whether the registry knows it or not. */
  async #mustContain(mayLeave: (serial: string) => boolean): Promise<void> {
    const before = this.highestNumber();
    if (before === 0) return;
    const lost = await withCrlFile(this.#archive.path(before), (previous) =>
      withCrlFile(this.#archive.draft, async (next) => lostEntries(await CrlFile.read(previous), await CrlFile.read(next), mayLeave)),
    );
    if (lost.count === 0) return;
    const more = lost.count > lost.serials.length ? ` and ${String(lost.count - lost.serials.length)} more` : '';
    throw new Failure('CRL_REJECTED', {
      problem: `it would lose what number ${String(before)} of ${this.scope.issuer}, partition ${String(this.scope.partition)}, revokes: ${lost.serials.join(', ')}${more}`,
    });
  }
}

/** A revocation that a clock now set back recorded in the future counts from this CRL on. */
function* notAfter(entries: Iterable<CrlEntry>, latest: string): Generator<CrlEntry> {
  for (const entry of entries) yield entry.revokedAt > latest ? { ...entry, revokedAt: latest } : entry;
}
