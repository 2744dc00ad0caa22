import { createPrivateKey, sign } from 'node:crypto';
import { der, keyIdentifier, name, oids, readPublicKeyInfo, signatureAlgorithm } from '../../der/index.ts';
import * as ext from './extensions.ts';
import { newSerial } from './serial.ts';
import { assemble, type Validity } from './tbs.ts';

export interface SelfSignedRequest {
  /** P-256: SubjectPublicKeyInfo and PrivateKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly pkcs8: Buffer;
  readonly commonName: string;
  /** DNS names and IP addresses. */
  readonly hosts: readonly string[];
  readonly validity: Validity;
}

/** A server certificate that no CA stands behind: it is compared by its fingerprint. */
export function selfSignedServer({ spki, pkcs8, commonName, hosts, validity }: SelfSignedRequest): Buffer {
  const { bits } = readPublicKeyInfo(spki);
  const { tbs } = assemble({
    issuerName: name({ commonName }),
    signature: signatureAlgorithm('ec-p256'),
    subject: { commonName },
    spki,
    serial: newSerial(),
    validity,
    list: [
      ext.basicConstraints(false),
      ext.keyUsage('digitalSignature'),
      ext.extendedKeyUsage(oids.serverAuth),
      ext.subjectKeyIdentifier(bits),
      ext.authorityKeyIdentifier(keyIdentifier(bits)),
      ext.subjectHosts(hosts),
    ],
  });
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return der.sequence(tbs, signatureAlgorithm('ec-p256'), der.bitString(sign('sha256', tbs, key)));
}
