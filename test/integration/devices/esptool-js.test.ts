import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { ESPLoader, Transport } from 'esptool-js';
import { EspChip, espKinds, type EspKind } from '../../support/esp-rom.ts';
import { NodeWebSerial } from '../../support/web-serial.ts';

// Espressif’s own client against our simulated chip: the simulator is right by somebody else’s reading of the protocol, too.

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function connected(kind: EspKind): Promise<{ readonly chip: EspChip; readonly loader: ESPLoader }> {
  const chip = await new EspChip({ kind }).plug();
  open.push(() => chip.dispose());
  const port = new NodeWebSerial(chip.path);
  const transport = new Transport(port, false);
  open.push(() => port.close());
  const terminal = { clean: () => undefined, writeLine: () => undefined, write: () => undefined };
  const loader = new ESPLoader({ transport, baudrate: 115_200, romBaudrate: 115_200, terminal });
  await loader.connect('no_reset');
  return { chip, loader };
}

test.each(espKinds)('esptool-js takes an %s for what it is, and reads its address', async (kind) => {
  const { chip, loader } = await connected(kind);
  expect(loader.chip.CHIP_NAME).toBe(kind);
  expect((await loader.chip.readMac(loader)).replaceAll(':', '').toUpperCase()).toBe(chip.mac);
});

// It knows the fifth word of FLASH_DEFL_BEGIN for the older chips alone.
test.each(['ESP32', 'ESP32-C3', 'ESP32-S3'] as const)('esptool-js writes an %s packed and plain, and gets its digest', async (kind) => {
  const { chip, loader } = await connected(kind);
  // Its own two calls are for a stub: four bytes, and a size of its own.
  await loader.checkCommand('attach', 0x0d, words(0, 0));
  const image = Buffer.alloc(0x1000, 0xff);
  image.write('written by esptool-js');
  loader.FLASH_WRITE_SIZE = 0x400;
  await loader.checkCommand('set params', 0x0b, words(0, chip.flash.length, 0x1_0000, 0x1000, 0x100, 0xffff));
  const packed = deflateSync(image);
  await loader.flashDeflBegin(image.length, packed.length, 0xd000);
  await loader.flashDeflBlock(packed, 0, 3000);
  expect(chip.flash.subarray(0xd000, 0xe000).equals(image)).toBe(true);

  // It sends the fifth word of FLASH_BEGIN to an ESP32 as well, which has none.
  if (kind !== 'ESP32') {
    await loader.flashBegin(image.length, 0x9000);
    for (let at = 0; at < image.length; at += 0x400) await loader.flashBlock(image.subarray(at, at + 0x400), at / 0x400, 3000);
  }
  expect(chip.flash.subarray(0x9000, 0xa000).equals(image)).toBe(kind !== 'ESP32');

  // Version 0.7.0 writes the ROM’s 32 characters out in hex once more.
  const digest = createHash('md5').update(image).digest('hex');
  expect(Buffer.from(await loader.flashMd5sum(0xd000, 0x1000), 'hex').toString('latin1')).toBe(digest);
});

const words = (...values: number[]): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32LE(value, i * 4));
  return bytes;
};
