import { Failure } from '../../contract/index.ts';
import { missingFrom, type Crl } from '../ca/index.ts';
import { instant } from '../clock.ts';
import { isBy, readClientCas, readCrls, rejected, type ClientCa } from './crl.ts';
import type { Publication, PublishedCrl } from './host.ts';

/** A CRL that ends sooner than this is not worth installing: an expired one locks out every device of its issuer. */
export const nextUpdateMarginMs = 10 * 60_000;

/**
 * Everything that must hold before a publication may touch the host; throws CRL_REJECTED. `installed` is the
 * text of the CRLs in force, null before the first publication. `now`: ms since the epoch.
 */
export function checkPublication(publication: Publication, installed: string | null, now: number): void {
  const cas = readClientCas(publication.clientCaPem);
  const checked = publication.crls.map((crl) => checkCrl(crl, cas, now));
  checkCoverage(cas, checked);
  for (const before of installed === null ? [] : readInstalled(installed)) checkSuccession(before, checked, cas);
}

/** Are files that are on the host already whole and signed? An expired CRL is let through: the next one mends it. */
export function isSound(files: { readonly crls: string; readonly clientCas: string }): boolean {
  try {
    checkCoverage(readClientCas(files.clientCas), readCrls(files.crls).map(asInstalled));
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

interface Checked {
  readonly crl: Crl;
  /** How many partitions its issuer has; null where nobody says. */
  readonly partitions: number | null;
  readonly expired: ReadonlySet<string>;
}

const asInstalled = (crl: Crl): Checked => ({ crl, partitions: null, expired: new Set() });

function checkCrl(published: PublishedCrl, cas: readonly ClientCa[], now: number): Checked {
  const what = `the list of ${published.issuer}`;
  const [crl, ...more] = readCrls(published.pem);
  if (crl === undefined || more.length > 0) throw rejected(`${what} is not one list`);
  if (!cas.some((ca) => isBy(crl, ca))) throw rejected(`${what} was not signed by any CA of this publication`);
  if (crl.number !== published.number) throw rejected(`${what} has number ${crl.number}, not ${published.number}`);
  if (Date.parse(crl.thisUpdate) > now) throw rejected(`${what} begins in the future (${crl.thisUpdate}); it is ${instant(now)}`);
  if (Date.parse(crl.nextUpdate) < now + nextUpdateMarginMs)
    throw rejected(`${what} ends too soon (${crl.nextUpdate}); it is ${instant(now)}`);
  return { crl, partitions: published.partitions ?? 1, expired: new Set(published.expired ?? []) };
}

/**
 * Mosquitto asks for a CRL of whoever issued the client's certificate, and of the partition that it names: all of them must be there. A CA
 * that only issues other CAs needs none.
 */
function checkCoverage(cas: readonly ClientCa[], crls: readonly Checked[]): void {
  for (const ca of cas) {
    const { certificate } = ca;
    const issuesCas = cas.some(
      (other) => other !== ca && other.certificate.checkIssued(certificate) && other.certificate.verify(certificate.publicKey),
    );
    const own = crls.filter(({ crl }) => isBy(crl, ca));
    if (new Set(own.map(({ crl }) => crl.uri)).size < own.length)
      throw rejected(`there are two lists of one issuer and one distribution point (${certificate.subject})`);
    if (own.length === 0 && !issuesCas) throw rejected(`there is no list of ${certificate.subject}: its devices would be locked out`);
    const partitions = own[0]?.partitions ?? own.length;
    if (own.length !== partitions)
      throw rejected(`there are lists of ${own.length} partitions of ${certificate.subject}, which has ${partitions}`);
  }
}

function readInstalled(pem: string): Crl[] {
  try {
    return readCrls(pem);
  } catch (error) {
    // What is in force was damaged behind our back: a whole new list is the cure, not a step back.
    if (error instanceof Failure) return [];
    throw error;
  }
}

/** Never a step back, and nobody revoked is let in again. A CA that was taken out needs no successor: it admits nobody. A CA's partitions stay. */
function checkSuccession(before: Crl, checked: readonly Checked[], cas: readonly ClientCa[]): void {
  const ca = cas.find((candidate) => isBy(before, candidate));
  // A list for all certificates takes the place of one that named a distribution point.
  const next = ca === undefined ? undefined : checked.find(({ crl }) => isBy(crl, ca) && (crl.uri === null || crl.uri === before.uri));
  if (next === undefined) return;
  const { crl, expired } = next;
  if (crl.number < before.number) throw rejected(`number ${crl.number} is older than ${before.number}, which is installed`);
  if (crl.number === before.number && crl.sha256 !== before.sha256)
    throw rejected(`another list with the number ${before.number} is installed`);
  const [lost] = missingFrom(before, crl, (serial) => expired.has(serial));
  if (lost !== undefined) throw rejected(`certificate ${lost} is revoked and missing from the new list`);
}
