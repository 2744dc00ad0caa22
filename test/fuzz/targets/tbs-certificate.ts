import '../../support/reflect.ts';
import { X509Certificate } from 'node:crypto';
import { KeyUsageFlags, KeyUsagesExtension, X509Certificate as PeculiarCertificate } from '@peculiar/x509';
import { oids, spkiOf } from '../../../src-main/der/index.ts';
import { checkCertificate, type CompiledProfile } from '../../../src-main/signer/certificate-rules.ts';
import { signingProfile } from '../../../src-main/station/ca/index.ts';
import { shippedProfile } from '../../support/signer.ts';
import { authority, caKey, caSpki, caTbs, device, leafTbs, now, rsaDevice, signed } from '../keys.ts';
import { mutateDer } from '../mutate/der.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

const shipped = signingProfile(shippedProfile('device'));
const profile: CompiledProfile = { ...shipped, pattern: new RegExp(`^(?:${shipped.commonName})$`, 'u') };
const hour = 3_600_000;

/** What the signer is asked to sign for a device. Whatever it lets through must be a harmless certificate to OpenSSL and @peculiar/x509. */
export const tbsCertificate: FuzzTarget = {
  name: 'tbs-certificate',
  seeds: () => [
    leafTbs(spkiOf(device.publicKey)),
    leafTbs(spkiOf(rsaDevice.publicKey), 'acme/R-1'),
    leafTbs(spkiOf(device.publicKey), 'b/2', now + hour),
    caTbs(caSpki),
  ],
  mutate: mutateDer,
  feed: (input) =>
    refusedBy(
      /^SESSION_REFUSED$/u,
      () =>
        checkCertificate(
          input,
          profile,
          caKey,
          { tenants: null, isAuthorityKey: (spki) => caSpki.equals(spki), isOnToken: () => false },
          now,
        ),
      () => {
        mustBeHarmless(input);
        return 'signed';
      },
    ),
};

function mustBeHarmless(input: Uint8Array): void {
  const read = new X509Certificate(signed(input));
  const other = new PeculiarCertificate(signed(input));
  const usages = other.getExtension(KeyUsagesExtension)?.usages ?? 0;
  const [from, until] = [read.validFromDate.getTime(), read.validToDate.getTime()];
  const commonNames = read.subject.split('\n').filter((line) => line.startsWith('CN='));
  const problems: readonly [boolean, string][] = [
    [read.ca, 'a CA'],
    [(usages & (KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)) !== 0, 'a key that may sign certificates or lists'],
    [read.keyUsage.length === 0 || read.keyUsage.some((usage) => usage !== oids.clientAuth), `for ${read.keyUsage.join(', ')}`],
    [commonNames.length !== 1 || !profile.pattern.test(commonNames[0]?.slice(3) ?? ''), `the name ${read.subject}`],
    [read.issuer !== 'O=Acme\nCN=Acme issuer 1', `the issuer ${read.issuer}`],
    [until <= from || until > authority.notAfter || from < authority.notBefore, `from ${read.validFrom} until ${read.validTo}`],
    [until - from > profile.maxValidityDays * 24 * hour + hour, 'longer than the profile allows'],
    [
      /^0*$/u.test(read.serialNumber) || read.serialNumber.startsWith('-') || read.serialNumber.length > 40,
      `serial number ${read.serialNumber}`,
    ],
    [!['ec', 'rsa'].includes(read.publicKey.asymmetricKeyType ?? ''), 'another kind of key'],
    [
      other.extensions.some(({ type }) => !(Object.values(oids) as string[]).includes(type)),
      `an extension ${other.extensions.map(({ type }) => type).join(' ')}`,
    ],
  ];
  for (const [is, problem] of problems) if (is) throw new Broken(`it would sign ${problem}`);
}
