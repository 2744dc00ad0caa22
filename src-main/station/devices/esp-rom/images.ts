import { Failure } from '../../../contract/index.ts';
import { pemBytes } from '../../../der/index.ts';
import type { Credentials } from '../driver.ts';
import { buildNvs, type NvsItem } from './nvs.ts';
import type { EspRomProfile } from './profile.ts';
import { buildSecureCert, secureCertTypes } from './secure-cert.ts';

/** A partition as it is to stand in the flash. Holds the private key: zeroed by whoever asked for it. */
export interface PartitionImage {
  readonly item: 'esp_secure_cert' | 'nvs';
  readonly offset: number;
  readonly bytes: Buffer;
}

type Layout = Pick<EspRomProfile, 'secureCert' | 'nvs'>;

/** Where the partitions of a profile are, without their content. */
export function partitionsOf({ secureCert, nvs }: Layout): readonly { item: PartitionImage['item']; offset: number; size: number }[] {
  return [
    ...(secureCert === undefined ? [] : [{ item: 'esp_secure_cert' as const, ...secureCert }]),
    ...(nvs === undefined ? [] : [{ item: 'nvs' as const, offset: nvs.offset, size: nvs.size }]),
  ];
}

/** @throws Failure STORAGE_FULL when the credentials do not fit into a partition. */
export function buildImages(layout: Layout, credentials: Credentials): PartitionImage[] {
  const parts = {
    key: withNul(pemBytes('PRIVATE KEY', credentials.privateKey ?? new Uint8Array())),
    certificate: withNul(Buffer.concat(credentials.certificateChain.map((der) => pemBytes('CERTIFICATE', der)))),
    ca: withNul(Buffer.concat(credentials.trustAnchors.map((der) => pemBytes('CERTIFICATE', der)))),
  };
  try {
    return partitionsOf(layout).map(({ item, offset, size }) => {
      const bytes = item === 'nvs' ? nvsImage(layout, credentials, parts, size) : secureCertImage(parts, size);
      if (bytes === null) throw new Failure('STORAGE_FULL', { item }, `it does not fit into ${String(size)} bytes`);
      return { item, offset, bytes };
    });
  } finally {
    parts.key.fill(0);
  }
}

interface Parts {
  readonly key: Buffer;
  readonly certificate: Buffer;
  readonly ca: Buffer;
}

const secureCertImage = ({ key, certificate, ca }: Parts, size: number): Buffer | null =>
  buildSecureCert(
    [
      { type: secureCertTypes.ca, data: ca },
      { type: secureCertTypes.deviceCertificate, data: certificate },
      { type: secureCertTypes.privateKey, data: key },
    ],
    size,
  );

function nvsImage({ nvs }: Layout, { broker }: Credentials, { key, certificate, ca }: Parts, size: number): Buffer | null {
  const string = (name: string, data: Uint8Array): NvsItem => ({ key: name, value: { kind: 'string', data } });
  const text = (name: string, value: string): NvsItem => string(name, withNul(Buffer.from(value)));
  const settings = [
    text('host', broker.host),
    { key: 'port', value: { kind: 'u16', value: broker.port } } as const,
    text('client', broker.clientId),
    text('base', broker.topicBase),
    text('server', broker.serverName),
  ];
  const credentials = nvs?.credentials === true ? [string('ca', ca), string('cert', certificate), string('key', key)] : [];
  return buildNvs(nvs?.namespace ?? '', [...settings, ...credentials], size);
}

/** C strings: the firmware's parsers want the NUL within the length. Zeroes what it was given. */
function withNul(text: Buffer): Buffer {
  const whole = Buffer.alloc(text.length + 1);
  text.copy(whole);
  text.fill(0);
  return whole;
}
