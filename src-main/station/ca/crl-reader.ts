import { createVerify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure, type RevocationReason } from '../../contract/index.ts';
import {
  authorityKeyIdOf,
  constructed,
  DerError,
  DerReader,
  hashFor,
  oids,
  onlyElement,
  readBitBytes,
  readExtensions,
  readNumber,
  readTime,
  readUnsigned,
  sha256Hex,
  tags,
} from '../../der/index.ts';
import { instant } from '../clock.ts';
import { toPem } from './certificate.ts';
import { reasonNames, type CrlEntry } from './crl-encode.ts';
import type { Issuer } from './issuer.ts';

export interface Crl {
  readonly der: Uint8Array;
  /** Issuer name, DER. */
  readonly issuer: Uint8Array;
  readonly number: number;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly authorityKeyId: string | null;
  /** The issuing distribution point's URI. */
  readonly uri: string | null;
  readonly sha256: string;
  /** Reads the entries anew each time: a CRL can have more of them than should be in memory. */
  readonly entries: () => Iterable<CrlEntry>;
  /** True when this issuer signed it. */
  readonly signedBy: (issuer: Issuer) => boolean;
}

/** Reads a CRL from DER or from a DER file. CRL_REJECTED when it is damaged or not a v2 CRL with a number. */
export function readCrl(source: Uint8Array | string): Crl {
  const bytes = typeof source === 'string' ? readFileSync(source) : source;
  try {
    return parse(bytes);
  } catch (error) {
    if (error instanceof DerError) throw new Failure('CRL_REJECTED', { problem: error.message });
    throw error;
  }
}

function parse(der: Uint8Array): Crl {
  const outer = new DerReader(onlyElement(der, tags.sequence).content);
  const tbs = outer.element(tags.sequence);
  const algorithm = outer.element(tags.sequence).bytes;
  const signature = readBitBytes(outer.element(tags.bitString));
  outer.finish();

  const reader = new DerReader(tbs.content);
  if (readNumber(reader.element(tags.integer)) !== 1) throw new DerError('a CRL that is not version 2');
  if (Buffer.compare(reader.element(tags.sequence).bytes, algorithm) !== 0)
    throw new DerError('two different signature algorithms in one CRL');
  const issuer = reader.element(tags.sequence).bytes;
  const [thisUpdate, nextUpdate] = [readTime(reader.element()), readTime(reader.element())];
  const list = reader.optional(tags.sequence)?.content ?? new Uint8Array();
  const extensions = readExtensions(reader.element(constructed(0)).content);
  reader.finish();
  const number = extensions.get(oids.crlNumber);
  if (number === undefined) throw new DerError('a CRL without a number');

  return {
    der,
    issuer,
    number: readNumber(onlyElement(number.value, tags.integer)),
    thisUpdate: instant(thisUpdate),
    nextUpdate: instant(nextUpdate),
    authorityKeyId: hexOrNull(authorityKeyIdOf(extensions)),
    uri: distributionUri(extensions.get(oids.issuingDistributionPoint)?.value),
    sha256: sha256Hex(der),
    entries: () => readEntries(list),
    signedBy: (by) => {
      const expected = Buffer.compare(by.subject, issuer) === 0 && Buffer.compare(by.signatureAlgorithm, algorithm) === 0;
      return expected && createVerify(hashFor(by.algorithm)).update(tbs.bytes).verify(by.publicKey, signature);
    },
  };
}

function* readEntries(list: Uint8Array): Generator<CrlEntry> {
  const reader = new DerReader(list);
  while (!reader.done) {
    const entry = reader.enter(tags.sequence);
    const serial = Buffer.from(readUnsigned(entry.element(tags.integer)))
      .toString('hex')
      .toUpperCase();
    const revokedAt = instant(readTime(entry.element()));
    const extensions = entry.optional(tags.sequence);
    entry.finish();
    yield { serial, revokedAt, reason: readReason(extensions?.bytes) };
  }
}

function readReason(bytes: Uint8Array | undefined): RevocationReason {
  const value = bytes === undefined ? undefined : readExtensions(bytes).get(oids.reasonCode)?.value;
  if (value === undefined) return 'unspecified';
  const reason = reasonNames.get(readNumber(onlyElement(value, tags.enumerated)));
  if (reason === undefined) throw new DerError('a revocation reason that is not used here');
  return reason;
}

function distributionUri(value: Uint8Array | undefined): string | null {
  if (value === undefined) return null;
  const point = new DerReader(onlyElement(value, tags.sequence).content).optional(constructed(0));
  const full = point === null ? null : new DerReader(point.content).optional(constructed(0));
  const uri = full === null ? null : new DerReader(full.content).optional(0x86);
  return uri === null ? null : Buffer.from(uri.content).toString('latin1');
}

const hexOrNull = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));

/**
 * Serial numbers that `next` lost although they are not expired; empty when `next` may replace `previous`.
 * `expired` answers for a serial whether its certificate's notAfter lay before `previous` was made (an entry stays for one CRL more).
 */
export function missingFrom(previous: Crl, next: Crl, expired: (serial: string) => boolean): string[] {
  const kept = new Set<string>();
  for (const { serial } of next.entries()) kept.add(serial);
  const missing: string[] = [];
  for (const { serial } of previous.entries()) if (!kept.has(serial) && !expired(serial)) missing.push(serial);
  return missing;
}

/** True when `next` has every unexpired entry of `previous` and a higher number (pki.md: checked before publication). */
export function isSuperset(previous: Crl, next: Crl, expired: (serial: string) => boolean): boolean {
  return (
    next.number > previous.number && Buffer.compare(previous.issuer, next.issuer) === 0 && missingFrom(previous, next, expired).length === 0
  );
}

export const crlToPem = (der: Uint8Array): string => toPem('X509 CRL', der);
