import { X509Certificate } from 'node:crypto';

/** Every certificate of a PEM text, in order; throws what node:crypto throws when one is damaged. */
export function certificatesOf(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? []).map((block) => new X509Certificate(block));
}

/** The common name of a certificate's subject: the MQTT username it logs in as. */
export function commonNameOf(certificatePem: string): string {
  const subject = new X509Certificate(certificatePem).subject;
  return /^CN=(.*)$/mu.exec(subject)?.[1]?.replace(/\\(.)/gu, '$1') ?? '';
}
