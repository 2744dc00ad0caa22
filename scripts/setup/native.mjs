import { step } from './command.mjs';
import { mbedtlsSource } from './mbedtls.mjs';
import { inRoot } from './paths.mjs';
import { stage } from './say.mjs';
import { unlessDone } from './stamp.mjs';

const make = (name, folder, result) =>
  unlessDone({
    name,
    sources: [folder],
    results: [result],
    work: () => stage(`building ${result}`, '5 seconds', () => step('make', ['--silent', '-C', inRoot(folder)])),
  });

/** The reference device agent, in C. */
export const deviceAgent = () => make('device-agent', 'native/device-agent', 'build/device-agent/device-agent');

/** The same for an emulated board, as firmware has it. */
export const deviceImage = () =>
  unlessDone({
    name: 'device-image',
    sources: ['native/device-agent'],
    results: ['build/device-agent/mps2-an385/agent.elf'],
    work: async () => {
      const words = ['--silent', '-C', inRoot('native/device-agent'), 'image', `MBEDTLS=${await mbedtlsSource()}`];
      await stage('building the device agent for an emulated board', '10 seconds', () => step('make', words));
    },
  });

/** The PKCS#11 module that the signer puts before one with a PIN pad. */
export const pinPad = () => make('pin-pad', 'native/pin-pad', 'build/pin-pad/libpin-pad.so');

/** The module by which a process that sees PINs leaves no memory behind. */
export const processGuard = () => make('process-guard', 'native/process-guard', 'build/process-guard/process-guard.node');

/** The PKCS#11 module with faults and latency that tests put before a real one. */
export const tokenShim = () => make('pkcs11-shim', 'test/support/pkcs11-shim', 'build/pkcs11-shim/libpkcs11-shim.so');
