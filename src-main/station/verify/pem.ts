import { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../x509-files/index.ts';

/** Every certificate of a PEM text, in order; throws an X509FileError, or what node:crypto throws, when one is damaged. */
export function certificatesOf(pem: string): X509Certificate[] {
  return certificatesIn(pem).map((der) => new X509Certificate(der));
}

/** The common name of a certificate's subject: the MQTT username it logs in as. */
export function commonNameOf(certificatePem: string): string {
  const subject = new X509Certificate(certificatePem).subject;
  return /^CN=(.*)$/mu.exec(subject)?.[1]?.replace(/\\(.)/gu, '$1') ?? '';
}
