import { crc32 } from 'node:zlib';

/**
 * Image of an `esp_secure_cert` partition in TLV format. Per item `u32LE magic | flags u8 | 3 zeros | type u8 | subtype u8 | length u16LE | data |
 * zeros to a multiple of 16 | u32LE crc32 over all before it`; FF behind the last one. Source: espressif/esp_secure_cert_mgr, docs/format.md and
 * `esp_secure_cert_tlv_config.h`.
 */
export interface SecureCertItem {
  readonly type: number;
  readonly data: Uint8Array;
}

export const secureCertTypes = { ca: 0, deviceCertificate: 1, privateKey: 2 } as const;

const MAGIC = 0xba5e_ba11;
const HEADER_BYTES = 12;
const ALIGNMENT = 16;
const CRC_SEED = 0xffff_ffff;

/** Null when the items do not fit into `size` bytes. */
export function buildSecureCert(items: readonly SecureCertItem[], size: number): Buffer | null {
  const image = Buffer.alloc(size, 0xff);
  let at = 0;
  for (const { type, data } of items) {
    const padded = Math.ceil(data.length / ALIGNMENT) * ALIGNMENT;
    const end = at + HEADER_BYTES + padded;
    if (end + 4 > size) return null;
    image.fill(0, at, end);
    image.writeUInt32LE(MAGIC, at);
    image.writeUInt8(type, at + 8);
    image.writeUInt16LE(data.length, at + 10);
    image.set(data, at + HEADER_BYTES);
    image.writeUInt32LE(crc32(image.subarray(at, end), CRC_SEED), end);
    at = end + 4;
  }
  return image;
}
