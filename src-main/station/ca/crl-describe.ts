import { algorithmOid, DerError } from '../../der/index.ts';
import { Failure } from '../../contract/index.ts';
import { instant } from '../clock.ts';
import { describeName } from '../x509-files/index.ts';
import { reasonNames } from './crl-encode.ts';
import { EntryCursor, type CrlFile } from './crl-file.ts';
import { readForeignEntry } from './crl-parts.ts';

/** What a CRL of anybody says, for people. */
export interface CrlDescription {
  readonly version: number;
  readonly issuer: string;
  /** Decimal; null for one without a number. */
  readonly number: string | null;
  readonly thisUpdate: string;
  readonly nextUpdate: string | null;
  readonly uri: string | null;
  readonly authorityKeyId: string | null;
  readonly algorithm: string;
  readonly entries: number;
  readonly bytes: number;
  readonly sha256: string;
  /** What keeps it from being what a broker needs. */
  readonly notes: readonly string[];
}

const algorithmNames: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.3.101.112': 'Ed25519',
};

/** All but the entries, which are not counted here. */
export async function describeCrl(crl: CrlFile): Promise<CrlDescription> {
  const { head, scope } = crl;
  const oid = algorithmOid(head.algorithm);
  const notes = [
    ...(head.version === 1 ? ['version 1: without a number, a scope or a key identifier'] : []),
    ...(head.version === 2 && scope.number === null ? ['without a number: nobody can tell an older one'] : []),
    ...(scope.baseNumber === null ? [] : [`a delta on number ${scope.baseNumber}: brokers take no notice of it`]),
    ...scope.unknownCritical.map((id) => `a critical extension that is not understood here (${id}): it may be for some certificates only`),
  ];
  return {
    version: head.version,
    issuer: nameOf(head.issuer),
    number: scope.number,
    thisUpdate: instant(head.thisUpdate),
    nextUpdate: head.nextUpdate === null ? null : instant(head.nextUpdate),
    uri: scope.uri,
    authorityKeyId: scope.authorityKeyId,
    algorithm: algorithmNames[oid] ?? oid,
    entries: 0,
    bytes: head.end,
    sha256: await crl.sha256(),
    notes,
  };
}

/** A name with texts of a kind that is not read here is shown as it is. */
function nameOf(issuer: Uint8Array): string {
  try {
    return printable(describeName(issuer));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return `DER ${Buffer.from(issuer.buffer, issuer.byteOffset, Math.min(issuer.length, 100)).toString('hex')}`;
  }
}

/** Whoever made the file chose these letters: none of them may move the cursor of a terminal. */
const printable = (text: string): string => text.replace(/\p{C}/gu, '\uFFFD').slice(0, 400);

export interface ShownEntry {
  readonly serial: string;
  readonly revokedAt: string;
  /** By name, or `reason N`; `unspecified` where none is given. */
  readonly reason: string;
}

/** How many entries there are, and the first of them; each is read, so that a damaged one is found. CRL_REJECTED. */
export async function readCrlEntries(crl: CrlFile, limit: number): Promise<{ count: number; first: ShownEntry[] }> {
  const cursor = new EntryCursor(crl);
  const first: ShownEntry[] = [];
  let count = 0;
  for (let more = await cursor.load(); more; more = cursor.advance() || (await cursor.load())) {
    const { serial, revokedAt, reason } = readOne(cursor.entry);
    if (count++ < limit) first.push({ serial, revokedAt: instant(revokedAt), reason: reasonOf(reason) });
  }
  return { count, first };
}

function readOne(bytes: Uint8Array): ReturnType<typeof readForeignEntry> {
  try {
    return readForeignEntry(bytes);
  } catch (error) {
    throw error instanceof DerError ? new Failure('CRL_REJECTED', { problem: error.message }) : error;
  }
}

const foreignReasons: Readonly<Record<number, string>> = { 6: 'certificateHold', 8: 'removeFromCRL', 10: 'aACompromise' };
const reasonOf = (reason: number | null): string =>
  reason === null ? 'unspecified' : (reasonNames.get(reason) ?? foreignReasons[reason] ?? `reason ${String(reason)}`);
