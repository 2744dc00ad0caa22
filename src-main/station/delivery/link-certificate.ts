import { createHash } from 'node:crypto';
import { pemBytes } from '../../der/index.ts';
import { certificateToPem, newStationKey, selfSignedServer } from '../ca/index.ts';

export interface LinkIdentity {
  readonly key: Buffer;
  readonly certificatePem: string;
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
  /** SHA-256 of its SubjectPublicKeyInfo as curl's --pinnedpubkey takes it. */
  readonly pin: string;
}

const backdateMs = 10 * 60_000;

/**
 * A key and a self-signed certificate for one server of links, for as long as it runs. Nobody trusts it by a CA: whoever fetches compares
 * the fingerprint, which comes by the same way as the link.
 * @param until Milliseconds since the epoch.
 */
export async function makeLinkIdentity(host: string, now: number, until: number): Promise<LinkIdentity> {
  const { spki, pkcs8, wipe } = await newStationKey('ec-p256');
  const validity = { notBefore: now - backdateMs, notAfter: until };
  const certificate = selfSignedServer({ spki, pkcs8, commonName: 'Birthmark bundle link', hosts: [host], validity });
  const key = pemBytes('PRIVATE KEY', pkcs8);
  wipe();
  return {
    key,
    certificatePem: certificateToPem(certificate),
    fingerprint: createHash('sha256').update(certificate).digest('hex'),
    pin: `sha256//${createHash('sha256').update(spki).digest('base64')}`,
  };
}
