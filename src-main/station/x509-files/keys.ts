import { createPrivateKey, type KeyObject } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { DerError, DerReader, onlyElement, pemBytes, tags } from '../../der/index.ts';
import { badFile, Opener } from './encrypted.ts';
import { isDer, pemBlocks, pemContent, X509FileError } from './pem.ts';

const bad = badFile('key');

/** PKCS#8, PKCS#1 or SEC 1, with a passphrase or without. INVALID_INPUT says what is wrong. */
export function readKey(pem: string, passphrase: string | null): KeyObject {
  if (pem.includes('ENCRYPTED') && passphrase === null) throw bad('it is encrypted: a passphrase is needed');
  try {
    const blocks = pemBlocks(pem);
    const encrypted = blocks.find(({ label }) => label === 'ENCRYPTED PRIVATE KEY');
    const plain = blocks.map(({ text }) => text).join('');
    if (encrypted === undefined) return createPrivateKey({ key: plain, format: 'pem', passphrase: passphrase ?? '' });
    const info = new Opener(passphrase ?? '', bad).privateKeyInfo(pemContent(encrypted));
    return createPrivateKey({ key: Buffer.from(info), format: 'der', type: 'pkcs8' });
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof X509FileError) throw bad(error.message);
    // RFC 1423, as OpenSSL wrote it long ago: one round only.
    if (pem.includes('Proc-Type: 4,ENCRYPTED'))
      throw new Failure('INVALID_INPUT', { field: 'key', problem: 'the passphrase is wrong' }, error);
    throw new Failure('INVALID_INPUT', { field: 'key', problem: 'there is no private key in it' }, error);
  }
}

/** A file with a private key, DER or PEM, as PEM with all that it has. INVALID_INPUT when there is no key in it. */
export function keyFileAsPem(file: Uint8Array): string {
  try {
    if (isDer(file)) return pemBytes(labelOf(file), file).toString('latin1');
    const blocks = pemBlocks(file);
    if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) return blocks.map(({ text }) => text).join('');
  } catch (error) {
    if (error instanceof X509FileError) throw bad(error.message);
    if (!(error instanceof DerError)) throw error;
  }
  throw bad('there is no private key in it');
}

/** Which of the four forms of a key (RFC 5958, RFC 5915, RFC 8017) it is, by its first two elements. */
function labelOf(der: Uint8Array): string {
  const parts = new DerReader(onlyElement(der, tags.sequence).content);
  const [first, second] = [parts.element().tag, parts.element().tag];
  if (first === tags.sequence && second === tags.octetString) return 'ENCRYPTED PRIVATE KEY';
  const label = { [tags.sequence]: 'PRIVATE KEY', [tags.octetString]: 'EC PRIVATE KEY', [tags.integer]: 'RSA PRIVATE KEY' }[second];
  if (first !== tags.integer || label === undefined) throw new DerError('not a private key');
  return label;
}
