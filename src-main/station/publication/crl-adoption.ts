import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, limits, type CrlAdoption } from '../../contract/index.ts';
import { readCrls } from '../broker/index.ts';
import { readIssuer, type Crl, type CrlEntry } from '../ca/index.ts';
import type { Registry } from '../registry/index.ts';
import { adoptRevocation } from '../revocation/index.ts';
import type { CrlBuilder } from './crl-builder.ts';

/** Why a list is not taken, by the name that the refusal gives. */
export type AdoptionCheck = 'file' | 'issuer' | 'signature' | 'scope' | 'number' | 'time';

const refused = (check: AdoptionCheck, problem: string): Failure => new Failure('CRL_NOT_ADOPTED', { check, problem });
/** PEM is a third larger than what it holds. */
const maxBytes = Math.ceil(limits.crlBytes * 1.4);
/** Entries that are named; all are counted. */
const named = 20;

/** A file that comes in pieces, beside the lists: what is left of one is put away at the next start. */
export class IncomingCrl {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'crl', 'incoming');
  }

  /** From its beginning on, one piece after the other. CRL_NOT_ADOPTED (file). */
  take(offset: number, bytes: Uint8Array): number {
    if (offset + bytes.length > maxBytes) throw refused('file', `it has more than ${String(maxBytes)} bytes`);
    const size = offset === 0 ? 0 : (statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0);
    if (offset !== size) throw refused('file', `a piece is missing: ${String(size)} bytes are here`);
    const file = openSync(this.#path, offset === 0 ? 'w' : 'r+', 0o600);
    try {
      writeSync(file, bytes, 0, bytes.length, offset);
    } finally {
      closeSync(file);
    }
    return offset + bytes.length;
  }

  read(): Buffer {
    if (statSync(this.#path, { throwIfNoEntry: false }) === undefined) throw refused('file', 'none was given');
    return readFileSync(this.#path);
  }

  clear(): void {
    rmSync(this.#path, { force: true });
  }
}

export interface AdoptionParts {
  readonly registry: Registry;
  /** Of every issuer that there ever was. */
  readonly builders: readonly CrlBuilder[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface AdoptionOrder {
  /** DER, or PEM with several lists; those of other stations are passed over. */
  readonly bytes: Buffer;
  readonly note: string;
  readonly actor: string;
  /** Tells what would come in, and changes nothing. */
  readonly dryRun: boolean;
}

/**
 * Takes the revocations of a list of this station's that its registry does not know: it was restored from a backup that is older than the list.
 * Reason and time are the list's. All or nothing, and nothing is ever taken back. CRL_NOT_ADOPTED with the check.
 */
export function adoptCrl({ registry, builders, now }: AdoptionParts, { bytes, note, actor, dryRun }: AdoptionOrder): CrlAdoption {
  const lists = fileFault(() => readCrls(bytes));
  const own = lists.flatMap((crl) => {
    const builder = builderOf(crl, builders);
    if (builder === null) return [];
    mustBeNewest(crl, builder, now);
    return [{ crl, builder, missing: missingIn(crl, builder, registry) }];
  });
  if (own.length === 0) throw refused('issuer', 'no list in it is of a CA of this station');
  const all = own.flatMap(({ missing }) => missing);
  // Before anything is recorded: afterwards each of them has a certificate.
  const entries = all.slice(0, named).map((entry) => ({ ...entry, device: registry.certificates.get(entry.serial)?.device ?? null }));
  if (!dryRun)
    registry.store.transaction(() => {
      for (const { crl, builder, missing } of own) {
        for (const entry of missing)
          adoptRevocation(registry, builder.scope, entry, { number: crl.number, notAfter: builder.issuer.notAfter, note, actor });
        registry.crls.seen(builder.scope, crl.number);
      }
    });
  return {
    dryRun,
    lists: own.map(({ crl, builder, missing }) => ({
      ...builder.scope,
      number: crl.number,
      thisUpdate: crl.thisUpdate,
      adopted: missing.length,
    })),
    others: lists.length - own.length,
    adopted: all.length,
    entries,
  };
}

/** Null for a list of somebody else. */
function builderOf(crl: Crl, builders: readonly CrlBuilder[]): CrlBuilder | null {
  const ofName = builders.filter(({ issuer }) => Buffer.compare(readIssuer(issuer.certificate).subject, crl.issuer) === 0);
  if (ofName.length === 0) return null;
  const signed = ofName.filter(({ issuer }) => crl.signedBy(readIssuer(issuer.certificate)));
  if (signed.length === 0) throw refused('signature', `number ${String(crl.number)} names a CA of this station, and was not signed by it`);
  const builder = signed.find((one) => one.isFor(crl.uri));
  if (builder === undefined)
    throw refused('scope', `number ${String(crl.number)} is for ${crl.uri ?? 'no distribution point'}, which is none of this station’s`);
  return builder;
}

/** An older one may lack what the newest has: then publication would stay held back. */
function mustBeNewest({ number, thisUpdate }: Crl, builder: CrlBuilder, now: number): void {
  const newest = Math.max(builder.newest()?.number ?? 0, builder.highestNumber());
  if (number < newest) throw refused('number', `number ${String(number)} is older than number ${String(newest)}, which is here`);
  if (Date.parse(thisUpdate) > now) throw refused('time', `number ${String(number)} was made at ${thisUpdate}, which is still to come`);
}

function missingIn(crl: Crl, { scope }: CrlBuilder, registry: Registry): CrlEntry[] {
  return fileFault(() => [...crl.entries()]).filter(({ serial }) => {
    if (registry.revocations.get(serial) !== null) return false;
    if (registry.revocations.fits(scope, serial)) return true;
    throw refused('scope', `${serial} is the serial number of a certificate of another list`);
  });
}

/** What cannot be read is the file's fault, not that of a list that was to be published. */
function fileFault<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof Failure && thrown.code === 'CRL_REJECTED' ? refused('file', String(thrown.params['problem'])) : thrown;
  }
}
