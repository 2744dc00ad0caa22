import { z } from 'zod';
import { canHoldChain, certificateFileFields, chainInDer } from '../certificate-file.ts';
import { commonProfile } from '../profile-fields.ts';

export const SmpProfileFile = commonProfile.extend({
  driver: z.literal('smp').describe('smp: MCUmgr/SMP over a serial console, with the provision group'),
  key: z.literal('device').default('device').describe('The device makes its key; it has no command to take one'),
  keyAlgorithm: z.enum(['ec-p256', 'rsa-2048']).describe('The key that the device makes'),
});
export type SmpProfile = Omit<z.output<typeof SmpProfileFile>, '$schema'>;

/** Zephyr takes 64 characters (CONFIG_MCUMGR_GRP_FS_PATH_LEN), as long as a firmware does not say otherwise. */
const path = z.string().regex(/^(?:\/[A-Za-z0-9_.-]{1,32}){1,8}$/u, 'an absolute path of plain letters, e.g. /lfs/cert.der');

export const SmpFilesProfileFile = commonProfile
  .extend({
    driver: z.literal('smp-files').describe('smp-files: a stock MCUmgr target, whose credentials are files in its file system'),
    keyAlgorithm: z.enum(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096']).describe('The key, by whoever makes it'),
    files: z
      .strictObject({
        certificate: path.describe('The unit’s own certificate with its issuers'),
        trustAnchors: path,
        key: path.optional().describe('Where the station’s key goes: with key “station”'),
        broker: path.optional().describe('Broker settings, as JSON'),
        request: path.optional().describe('Where the firmware leaves the PKCS#10 request of its own key, DER or PEM: with key “device”'),
      })
      .describe('Paths on the unit. MCUmgr makes no folders: they must be there'),
    ...certificateFileFields,
    nul: z.boolean().default(false).describe('PEM ends with a NUL, as Mbed TLS wants it'),
    identity: z
      .union([z.enum(['hwinfo', 'node-name']), z.strictObject({ file: path })])
      .describe('Its hardware id. hwinfo: the shell’s “hwinfo devid”; node-name: of the os information; file: a file with a serial number'),
  })
  .refine(({ key, files }) => (key === 'station' ? files.key !== undefined : files.request !== undefined), {
    path: ['files'],
    message: 'key “station” needs files.key, key “device” needs files.request',
  })
  .refine(canHoldChain, chainInDer);
export type SmpFilesProfile = Omit<z.output<typeof SmpFilesProfileFile>, '$schema'>;
