import { Failure } from '../../contract/index.ts';
import { constructed, DerError, DerReader, oids, onlyElement, readOid, tags } from '../../der/index.ts';

/** More than any chain has: a whole trust store is not one. */
const maxCertificates = 64;
const armour = /-----BEGIN (?<label>[A-Z0-9 ]+)-----(?<body>[\s\S]*?)-----END \k<label>-----/gu;
const certificateLabels = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'];
const bundleLabels = ['PKCS7', 'CMS'];

/**
 * Every certificate of some files, DER, in the order in which they stand there: PEM with whatever tools write around it, DER, or a PKCS#7
 * bundle in either. INVALID_INPUT when there is none, or one of them is damaged.
 */
export function certificatesFromFiles(files: readonly Uint8Array[]): Buffer[] {
  const found = files.flatMap(certificatesOf);
  if (found.length === 0) throw refused('there is no certificate in it');
  if (found.length > maxCertificates) throw refused(`there are ${String(found.length)} certificates in it; a chain has a few`);
  return found.filter((one, index) => found.findIndex((other) => other.equals(one)) === index);
}

const refused = (problem: string): Failure => new Failure('INVALID_INPUT', { field: 'certificate', problem });

function certificatesOf(file: Uint8Array): Buffer[] {
  if (file[0] === tags.sequence) return fromDer(file);
  const text = Buffer.from(file).toString('latin1');
  const blocks = [...text.matchAll(armour)];
  if (blocks.some((block) => /PRIVATE KEY/u.test(block.groups?.['label'] ?? '')))
    throw refused('it has a private key in it, which belongs nowhere but where it was made; take it out');
  if (blocks.length !== (text.match(/-----BEGIN /gu)?.length ?? 0)) throw refused('its PEM is cut off');
  return blocks.flatMap((block) => {
    const label = block.groups?.['label'] ?? '';
    if (!certificateLabels.includes(label) && !bundleLabels.includes(label)) return [];
    const der = fromBase64(block.groups?.['body'] ?? '');
    return certificateLabels.includes(label) ? [firstElement(der)] : fromDer(der);
  });
}

function fromBase64(body: string): Buffer {
  const text = body.replace(/\s/gu, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(text) || text.length % 4 !== 0) throw refused('its PEM is damaged');
  return Buffer.from(text, 'base64');
}

/** openssl writes trust settings after a TRUSTED CERTIFICATE: they are not part of it. */
function firstElement(der: Buffer): Buffer {
  try {
    return Buffer.from(new DerReader(der).element(tags.sequence).bytes);
  } catch (error) {
    throw error instanceof DerError ? refused(error.message) : error;
  }
}

/** A certificate, or the certificates of a degenerate SignedData (RFC 5652 5.1). */
function fromDer(der: Uint8Array): Buffer[] {
  try {
    const outer = new DerReader(onlyElement(der, tags.sequence).content);
    if (outer.peek() !== tags.oid) return [Buffer.from(der)];
    if (readOid(outer.element(tags.oid)) !== oids.signedData) throw refused('it is a bundle of another kind than PKCS#7 SignedData');
    const data = new DerReader(onlyElement(outer.element(constructed(0)).content, tags.sequence).content);
    data.element(tags.integer);
    data.element(tags.set);
    data.element(tags.sequence);
    const list = data.optional(constructed(0));
    if (list === null) return [];
    const reader = new DerReader(list.content);
    const found: Buffer[] = [];
    while (!reader.done) found.push(Buffer.from(reader.element(tags.sequence).bytes));
    return found;
  } catch (error) {
    throw error instanceof DerError ? refused(`it is damaged: ${error.message}`) : error;
  }
}
