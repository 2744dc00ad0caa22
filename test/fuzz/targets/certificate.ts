import { X509Certificate } from 'node:crypto';
import { spkiOf } from '../../../src-main/der/index.ts';
import { readCertificate, readIssuer } from '../../../src-main/station/ca/index.ts';
import { caSpki, caTbs, device, leafTbs, rsaDevice, signed } from '../keys.ts';
import { mutateDer } from '../mutate/der.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

/** Certificates that were imported or come from a device. What we read in one must be what OpenSSL reads in it. */
export const certificate: FuzzTarget = {
  name: 'certificate',
  seeds: () => [signed(leafTbs(spkiOf(device.publicKey))), signed(leafTbs(spkiOf(rsaDevice.publicKey), 'acme/R-1')), signed(caTbs(caSpki))],
  mutate: mutateDer,
  feed: (input) => {
    const asIssuer = refusedBy(
      /^INVALID_INPUT$/u,
      () => readIssuer(input),
      () => 'an issuer',
    );
    const asLeaf = refusedBy(
      /^INVALID_INPUT$/u,
      () => readCertificate(input),
      ({ serial, fingerprint, spki, notBefore, notAfter }) => {
        const other = opensslReads(input);
        if (other === null) return 'read, and refused by OpenSSL';
        if (
          other.serialNumber.replace(/^0+/u, '') !== serial.replace(/^0+/u, '') &&
          !serial.startsWith('F') &&
          Number.parseInt(serial.slice(0, 2), 16) < 0x80
        )
          throw new Broken(`serial number ${serial}, and ${other.serialNumber} to OpenSSL`);
        if (other.fingerprint256.replaceAll(':', '').toLowerCase() !== fingerprint) throw new Broken('another fingerprint');
        if (!Buffer.from(other.raw).includes(Buffer.from(spki))) throw new Broken('a key that is not in it');
        if (other.validFromDate.getTime() !== Date.parse(notBefore) || other.validToDate.getTime() !== Date.parse(notAfter))
          throw new Broken(`another validity: ${notBefore} ${notAfter}`);
        return 'read';
      },
    );
    return `${asLeaf} · ${asIssuer}`;
  },
};

function opensslReads(input: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(input);
  } catch {
    return null;
  }
}
