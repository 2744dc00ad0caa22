import { z } from 'zod';
import { commonProfile } from '../profile-fields.ts';

const SECTOR = 0x1000;
const partition = {
  offset: z.int().min(0).multipleOf(SECTOR).describe('Where the partition begins in the flash'),
  size: z.int().min(SECTOR).max(0x10_0000).multipleOf(SECTOR).describe('Its size in bytes'),
};

export const EspRomProfileFile = commonProfile
  // The ROM’s protocol is binary, and RTS resets the chip.
  .omit({ line: true })
  .extend({
    driver: z.literal('esp-rom').describe('esp-rom: the ROM loader of an Espressif chip, without a stub'),
    key: z.literal('station').describe('The ROM loader makes no keys: the station makes the key, and this says so'),
    keyAlgorithm: z.enum(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096']).describe('The key that the station makes'),
    flashBytes: z.int().min(0x10_0000).max(0x800_0000).default(0x40_0000).describe('Size of the flash chip in bytes'),
    fastBaudRate: z.int().min(9600).max(12_000_000).optional().describe('Speed to change to once the ROM loader answers'),
    reset: z
      .enum(['classic', 'usb-jtag', 'manual'])
      .default('classic')
      .describe('How the chip gets into its ROM loader: by DTR and RTS of a serial adapter, of the chip’s own USB, or by hand'),
    secureCert: z
      .object({ offset: partition.offset.default(0xd000), size: partition.size.default(0x2000) })
      .strict()
      .optional()
      .describe('esp_secure_cert partition (type 0x3F) in TLV format: key, certificates and trust anchors, as PEM'),
    nvs: z
      .object({
        ...partition,
        namespace: z.string().regex(/^[\x21-\x7e]{1,15}$/u),
        credentials: z
          .boolean()
          .default(false)
          .describe('Key, certificates and trust anchors go here as well; without secureCert they must'),
      })
      .strict()
      .optional()
      .describe('NVS partition for the broker settings (keys host, port, client, base, server) and, if so said, key, cert and ca'),
    flashEncryption: z
      .enum(['refuse', 'encrypt', 'plain'])
      .default('refuse')
      .describe(
        'A chip with flash encryption on. encrypt: the ROM encrypts what it writes, and nothing can be read back. plain: the partitions are not encrypted ones',
      ),
  })
  .refine(({ secureCert, nvs }) => secureCert !== undefined || nvs?.credentials === true, {
    path: ['secureCert'],
    message: 'key and certificates need a place: secureCert, or nvs with credentials',
  });
export type EspRomProfile = Omit<z.output<typeof EspRomProfileFile>, '$schema'>;
