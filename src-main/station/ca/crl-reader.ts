import { createVerify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure } from '../../contract/index.ts';
import { DerError, DerReader, hashFor, sha256Hex, tags } from '../../der/index.ts';
import { instant } from '../clock.ts';
import { sameName } from '../x509-files/index.ts';
import { toPem } from './certificate.ts';
import { reasonNames, type CrlEntry } from './crl-encode.ts';
import { readCrlHead, readCrlScope, readCrlTail, readForeignEntry } from './crl-parts.ts';
import type { Issuer } from './issuer.ts';

/** A CRL of ours in memory. */
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
  /** Reads the entries anew each time: a CRL can have more of them than should be in memory. CRL_REJECTED at the first that is damaged. */
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
    throw rejected(error);
  }
}

const rejected = (error: unknown): unknown => (error instanceof DerError ? new Failure('CRL_REJECTED', { problem: error.message }) : error);

function parse(der: Uint8Array): Crl {
  const head = readCrlHead(der);
  if (head.end !== der.length) throw new DerError(head.end > der.length ? 'the CRL is cut off' : 'bytes after the end of the CRL');
  const { algorithm, issuer, thisUpdate, nextUpdate, entriesAt, entryBytes } = head;
  if (head.version !== 2) throw new DerError('a CRL that is not version 2');
  const { extensions, signature } = readCrlTail(der.subarray(entriesAt + entryBytes), head);
  const { number, authorityKeyId, uri, baseNumber, unknownCritical } = readCrlScope(extensions);
  if (baseNumber !== null) throw new DerError('a list of changes only (delta CRL)');
  if (unknownCritical.length > 0) throw new DerError(`an unknown critical extension (${unknownCritical.join(', ')})`);
  if (number === null) throw new DerError('a CRL without a number');
  if (!Number.isSafeInteger(Number(number))) throw new DerError('a number that is too large');
  if (nextUpdate === null) throw new DerError('a CRL without an end');
  return {
    der,
    issuer,
    number: Number(number),
    thisUpdate: instant(thisUpdate),
    nextUpdate: instant(nextUpdate),
    authorityKeyId,
    uri,
    sha256: sha256Hex(der),
    entries: () => readEntries(der.subarray(entriesAt, entriesAt + entryBytes)),
    signedBy: (by) => {
      const expected = sameName(by.subject, issuer) && Buffer.compare(by.signatureAlgorithm, algorithm) === 0;
      const tbs = der.subarray(head.tbsAt, head.tbsEnd);
      return expected && createVerify(hashFor(by.algorithm)).update(tbs).verify(by.publicKey, signature);
    },
  };
}

function* readEntries(list: Uint8Array): Generator<CrlEntry> {
  const reader = new DerReader(list);
  try {
    while (!reader.done) {
      const { serial, revokedAt, reason } = readForeignEntry(reader.element(tags.sequence).bytes);
      const named = reason === null ? 'unspecified' : reasonNames.get(reason);
      if (named === undefined) throw new DerError('a revocation reason that is not used here');
      yield { serial, revokedAt: instant(revokedAt), reason: named };
    }
  } catch (error) {
    throw rejected(error);
  }
}

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

export const crlToPem = (der: Uint8Array): string => toPem('X509 CRL', der);
