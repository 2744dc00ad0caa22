import { z } from 'zod';
import { commonProfile } from '../profile-fields.ts';

export const SmpProfileFile = commonProfile.extend({
  driver: z.literal('smp').describe('smp: MCUmgr/SMP over a serial console, with the provision group'),
  key: z.literal('device').default('device').describe('The device makes its key; it has no command to take one'),
  keyAlgorithm: z.enum(['ec-p256', 'rsa-2048']).describe('The key that the device makes'),
});
export type SmpProfile = Omit<z.output<typeof SmpProfileFile>, '$schema'>;
