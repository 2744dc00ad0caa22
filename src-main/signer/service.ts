import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { guardProcess, lastCallFile, makeDataFolder, serve } from '../service-host/index.ts';
import { mustComeFrom } from './dispatcher.ts';
import { createSigner } from './index.ts';
import { pinTriesIn } from './pin-tries.ts';

const Config = z
  .object({
    dataDir: z.string().min(1),
    /** The library of `native/pin-pad`. */
    pinPad: z.string().nullable(),
    /** The library of `native/process-guard`; null where there is none. */
    guard: z.string().nullable(),
    /** Only to look at a module that the signer does not use: no record, no PIN. */
    inspecting: z.boolean().default(false),
  })
  .strict();

/** The signer as a process of its own: a vendor module may crash or hang, and a C call that hangs ends only with its process. */
serve(({ config, emit }) => {
  const { dataDir, pinPad, guard, inspecting } = Config.parse(config);
  guardProcess(guard);
  makeDataFolder(dataDir);
  const signer = createSigner({
    clock: { now: () => Date.now() },
    emit,
    onHung: () => emit('signer.stuck', {}),
    onStuck: () => emit('signer.stuck', {}),
    marker: lastCallFile(dataDir, inspecting),
    pinTries: pinTriesIn(join(dataDir, 'pin-tries.json')),
    ...(inspecting
      ? { inspecting }
      : { pinned: { path: join(dataDir, 'signer', 'module.json'), dataDir }, memory: join(dataDir, 'signer', 'memory.db') }),
    pinPad: pinPad !== null && existsSync(pinPad) ? pinPad : null,
  });
  return Promise.resolve({
    handle: async (name, input, origin) => {
      mustComeFrom(name, origin === null ? 'station' : 'person');
      return signer.handle(name, input);
    },
    authorize: () => Promise.reject(new Error('the station says who may call, not the signer')),
    peerEvent: () => undefined,
    stop: () => signer.close(),
  });
});
