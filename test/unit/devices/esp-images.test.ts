import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { buildNvs } from '../../../src-main/station/devices/esp-rom/nvs.ts';
import { buildSecureCert } from '../../../src-main/station/devices/esp-rom/secure-cert.ts';

// The expected bytes were made by a few lines of Python from the documents of ESP-IDF and esp_secure_cert_mgr, with Python's own crc32.

test('esp_secure_cert: three items, byte by byte, and FF behind them', () => {
  const items = [
    { type: 0, data: Buffer.from('CA\0') },
    { type: 1, data: Buffer.from('0123456789abcde\0') },
    { type: 2, data: Buffer.from('K'.repeat(17)) },
  ];
  const image = buildSecureCert(items, 0x2000);
  expect(image?.subarray(0, 112).toString('hex')).toBe(
    '11ba5eba000000000000030043410000000000000000000000000000ec8015e5' +
      '11ba5eba00000000010010003031323334353637383961626364650046a74f10' +
      '11ba5eba00000000020011004b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b000000000000000000000000000000129c0348',
  );
  expect(image?.subarray(112).every((byte) => byte === 0xff)).toBe(true);
  expect(image).toHaveLength(0x2000);
});

test('esp_secure_cert: what does not fit is no image', () => {
  expect(buildSecureCert([{ type: 1, data: Buffer.alloc(0x2000 - 16) }], 0x2000)).not.toBeNull();
  expect(buildSecureCert([{ type: 1, data: Buffer.alloc(0x2000 - 15) }], 0x2000)).toBeNull();
});

test('NVS: a page with string, number and blob, byte by byte; the last page stays free', () => {
  const image = buildNvs(
    'birthmark',
    [
      { key: 'host', value: { kind: 'string', data: Buffer.from('host.example\0') } },
      { key: 'port', value: { kind: 'u16', value: 8883 } },
      { key: 'blob', value: { kind: 'blob', data: Buffer.from(Array.from({ length: 40 }, (_, i) => i)) } },
    ],
    0x2000,
  );
  const hex = image?.toString('hex') ?? '';
  expect(hex.slice(0, 128)).toBe(`feffffff00000000fe${'ff'.repeat(19)}842dbab9aaaa${'ff'.repeat(30)}`);
  expect(hex.slice(128, 192)).toBe('000101ff717ae99362697274686d61726b0000000000000001ffffffffffffff');
  expect(
    createHash('sha256')
      .update(image ?? Buffer.alloc(0))
      .digest('hex'),
  ).toBe('871ea900a0682a3e6920224bce6165d672d9d896c43123d83294e0d03b725dba');
});

test('NVS: what does not fit on a page goes to the next, and the one before it is full', () => {
  const long = (key: string) => ({ key, value: { kind: 'string', data: Buffer.alloc(3000, 0x61) } }) as const;
  const image = buildNvs('n', [long('a'), long('b')], 0x4000);
  expect(image?.readUInt32LE(0)).toBe(0xfffffffc);
  expect(image?.readUInt32LE(0x1000)).toBe(0xfffffffe);
  expect(image?.readUInt32LE(0x1004)).toBe(1);
  expect(image?.readUInt32LE(0x2000)).toBe(0xffffffff);
  expect(buildNvs('n', [long('a'), long('b')], 0x2000)).toBeNull();
  expect(buildNvs('n', [{ key: 'a', value: { kind: 'string', data: Buffer.alloc(4001) } }], 0x4000)).toBeNull();
});

test('NVS: a blob longer than a page is cut into chunks, with an index over all of them', () => {
  const image = buildNvs('n', [{ key: 'big', value: { kind: 'blob', data: Buffer.alloc(6000, 0x62) } }], 0x4000);
  const entries: number[] = [];
  for (let page = 0; page < 3; page++)
    for (let at = page * 0x1000 + 64; at < (page + 1) * 0x1000; at += (image?.[at + 2] ?? 1) * 32) {
      if (image?.[at] === 1) entries.push(image[at + 1] ?? 0, image[at + 3] ?? 0);
      if (image?.[at] === 0xff) break;
    }
  expect(entries).toEqual([0x42, 0, 0x42, 1, 0x48, 0xff]);
});
