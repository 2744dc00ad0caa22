import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { calls, Failure, signerCalls, tryOutPin } from '../contract/index.ts';
import { lastCallFile, makeDataFolder, serve } from '../service-host/index.ts';
import { createSigner } from './index.ts';
import { pinTriesIn } from './pin-tries.ts';

const Config = z
  .object({
    dataDir: z.string().min(1),
    /** The library of `native/pin-pad`. */
    pinPad: z.string().nullable(),
  })
  .strict();

/** The signer as a process of its own: a vendor module may crash or hang, and a C call that hangs ends only with its process. */
serve(({ config, emit }) => {
  const { dataDir, pinPad } = Config.parse(config);
  makeDataFolder(dataDir);
  const signer = createSigner({
    clock: { now: () => Date.now() },
    emit,
    onHung: () => emit('signer.stuck', {}),
    onStuck: () => emit('signer.stuck', {}),
    marker: lastCallFile(dataDir),
    pinTries: pinTriesIn(join(dataDir, 'pin-tries.json')),
    pinPad: pinPad !== null && existsSync(pinPad) ? pinPad : null,
  });
  let softwareToken = false;

  const answer = async (name: 'pin.enter' | 'pin.onDevice', input: unknown): Promise<unknown> => {
    const value = await signer.handle(name, input);
    emit('pin.answered', { requestId: calls[name].input.parse(input).requestId });
    return value;
  };
  const handlers: Readonly<Record<string, (input: unknown) => Promise<unknown>>> = {
    'module.use': (input) => {
      softwareToken = signerCalls['module.use'].input.safeParse(input).data?.module.env['SOFTHSM2_CONF'] !== undefined;
      return signer.handle('module.use', input);
    },
    'pin.enter': (input) => {
      const parsed = calls['pin.enter'].input.safeParse(input);
      if (!parsed.success) throw new Failure('PIN_INVALID', { min: 4, max: 64 });
      return answer('pin.enter', parsed.data);
    },
    'pin.onDevice': (input) => answer('pin.onDevice', input),
    // The published PIN is never tried on a real HSM: it would use up one of its tries.
    'pin.tryOut': async (input) => {
      const { requestId } = signerCalls['pin.tryOut'].input.parse(input);
      if (!softwareToken) throw new Failure('PIN_REQUEST_UNKNOWN');
      await answer('pin.enter', { requestId, pin: tryOutPin });
      return {};
    },
  };
  return Promise.resolve({
    handle: async (name, input) => (handlers[name] ?? ((value: unknown) => signer.handle(name, value)))(input),
    authorize: () => Promise.reject(new Error('the station says who may call, not the signer')),
    peerEvent: () => undefined,
    stop: () => signer.close(),
  });
});
