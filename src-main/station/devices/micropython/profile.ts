import { z } from 'zod';
import { canHoldChain, certificateFileFields, chainInDer } from '../certificate-file.ts';
import { commonProfile } from '../profile-fields.ts';

export const MicroPythonProfileFile = commonProfile
  .extend({
    driver: z.literal('micropython').describe('micropython: files on a board with MicroPython, by its raw REPL'),
    key: z.literal('station').describe('MicroPython makes no keys: the station makes the key, and this says so'),
    keyAlgorithm: z.enum(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096']).describe('The key that the station makes'),
    folder: z
      .string()
      .regex(/^(?:\/[A-Za-z0-9_.-]{1,32})*$/u)
      .default('')
      .describe('An existing folder on the board, e.g. /flash; the files are key, cert, ca with their ending, and broker.json'),
    ...certificateFileFields,
  })
  .refine(canHoldChain, chainInDer);
export type MicroPythonProfile = Omit<z.output<typeof MicroPythonProfileFile>, '$schema'>;
