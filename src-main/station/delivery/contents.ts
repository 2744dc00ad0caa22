import type { BundleFormat, BundleProof } from '../../contract/index.ts';
import type { Credentials } from '../devices/index.ts';
import { pemBytes } from '../../der/index.ts';
import { certificateToPem } from '../ca/index.ts';
import { aesZip } from './aes-zip.ts';
import { pkcs12 } from './pkcs12.ts';

export interface BundleContent {
  readonly device: string;
  readonly serial: string;
  /** PrivateKeyInfo, DER. */
  readonly pkcs8: Uint8Array;
  readonly credentials: Credentials;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A topic that only this device may write to, named after its certificate: whoever publishes there has both. */
export const proofOf = (topicBase: string, serial: string): BundleProof => ({ topic: `${topicBase}/verify/${serial}`, payload: serial });

export const fileNameOf = (device: string, serial: string, format: BundleFormat): string =>
  `${device.replace('/', '-')}-${serial.slice(0, 8)}.${format}`;

/** One encrypted file with all that a device needs; what held the key on the way is zeroed. */
export async function writeBundle(format: BundleFormat, content: BundleContent, passphrase: string): Promise<Buffer> {
  const { device, pkcs8, credentials } = content;
  if (format === 'p12') {
    return pkcs12(
      { pkcs8, certificates: distinct([...credentials.certificateChain, ...credentials.trustAnchors]), friendlyName: device },
      passphrase,
    );
  }
  const key = pemBytes('PRIVATE KEY', pkcs8);
  try {
    return await aesZip([...readable(content), { name: 'key.pem', bytes: key }], passphrase, content.at);
  } finally {
    key.fill(0);
  }
}

function readable({ device, serial, credentials }: BundleContent): { name: string; bytes: Buffer }[] {
  const pem = (certificates: readonly Uint8Array[]): Buffer => Buffer.from(certificates.map(certificateToPem).join(''));
  const proof = proofOf(credentials.broker.topicBase, serial);
  const settings = { ...credentials.broker, tls: true, proof: { ...proof, qos: 1, retain: true } };
  return [
    { name: 'README.txt', bytes: Buffer.from(readme(device, serial, credentials)) },
    { name: 'certificate.pem', bytes: pem(credentials.certificateChain.slice(0, 1)) },
    { name: 'chain.pem', bytes: pem(credentials.certificateChain) },
    { name: 'ca.pem', bytes: pem(credentials.trustAnchors) },
    { name: 'broker.json', bytes: Buffer.from(`${JSON.stringify(settings, null, 2)}\n`) },
  ];
}

function distinct(certificates: readonly Uint8Array[]): Uint8Array[] {
  const seen = new Map(certificates.map((one) => [Buffer.from(one).toString('base64'), one]));
  return [...seen.values()];
}

function readme(device: string, serial: string, { broker }: Credentials): string {
  const { topic, payload } = proofOf(broker.topicBase, serial);
  return `Credentials of ${device}
Certificate ${serial}

key.pem          the private key of the device, PKCS#8. This is the only copy.
certificate.pem  its certificate
chain.pem        its certificate and the issuers above it: what the device sends in TLS
ca.pem           whom the device trusts: the CA of the broker
broker.json      where it connects, and as whom

1. Put the files onto the device, on a medium that you can wipe, and delete everything else: this archive, what you unpacked,
   the mail or the stick that it came by.
2. Let the device connect to ${broker.host}, port ${String(broker.port)}, with TLS, its certificate, and the MQTT client id ${broker.clientId}.
   The name in the broker's certificate is ${broker.serverName}. It may use ${broker.topicBase}/# and nothing else.
3. Let it publish "${payload}" once on ${topic}, with QoS 1 and the retain flag. That shows that it has the key and
   reaches the broker; until then its certificate is on trial, and it is revoked when the time for it is up. With Mosquitto's client:

   mosquitto_pub -h ${broker.host} -p ${String(broker.port)} --cafile ca.pem --cert chain.pem --key key.pem -i ${broker.clientId} \\
     -q 1 -r -t ${topic} -m ${payload}

If this archive may have come into other hands, tell the security officer: the certificate is revoked, and a new bundle is made.
The names of the files in this archive are not encrypted, their contents are.
`;
}
