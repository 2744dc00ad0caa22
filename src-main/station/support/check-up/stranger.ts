import { generateKeyPairSync, sign } from 'node:crypto';
import { assembleCertificate, buildRootTbs, certificateToPem, newSerial } from '../../ca/index.ts';
import type { TlsIdentity } from '../../verify/index.ts';

/** Somebody with a certificate of a CA that no broker can know: made here, now, and thrown away. `now`: ms since the epoch. */
export function stranger(now: number): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { tbs } = buildRootTbs({
    subject: { commonName: 'birthmark:stranger' },
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    serial: newSerial(),
    now,
    days: 1,
  });
  const certificate = assembleCertificate(tbs, { algorithm: 'ec-p256' }, sign('sha256', tbs, privateKey));
  return {
    certificatePem: certificateToPem(certificate),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
