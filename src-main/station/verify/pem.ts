import { X509Certificate } from 'node:crypto';

/** Every certificate of a PEM text, in order; throws what node:crypto throws when one is damaged. */
export function certificatesOf(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? []).map((block) => new X509Certificate(block));
}

const issued = (issuer: X509Certificate, subject: X509Certificate): boolean =>
  subject.checkIssued(issuer) && subject.verify(issuer.publicKey);

/**
 * Is each certificate signed by the next one, and the last one by one of `anchors`? Without anchors only the links inside
 * the chain can be judged. Damaged PEM counts as broken.
 */
export function chainIsGood(chainPem: string, anchorsPem = ''): boolean {
  try {
    const chain = certificatesOf(chainPem);
    const anchors = certificatesOf(anchorsPem);
    const linked = chain.every((certificate, index) => {
      const next = chain[index + 1];
      return next === undefined || issued(next, certificate);
    });
    const last = chain.at(-1);
    return (
      last !== undefined &&
      linked &&
      (anchors.length === 0 || anchors.some((anchor) => anchor.fingerprint256 === last.fingerprint256 || issued(anchor, last)))
    );
  } catch {
    return false;
  }
}

/** The common name of a certificate's subject: the MQTT username it logs in as. */
export function commonNameOf(certificatePem: string): string {
  const subject = new X509Certificate(certificatePem).subject;
  return /^CN=(.*)$/mu.exec(subject)?.[1]?.replace(/\\(.)/gu, '$1') ?? '';
}
