import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Handle } from './cryptoki.ts';

/** How a person is waited for who types a PIN on the device. */
export interface PinPadWait {
  /** `native/pin-pad`: a module in front of the one in use whose C_Login passes NULL where it is given an empty PIN. */
  readonly library: string;
  readonly ms: number;
  readonly leave: AbortSignal;
}

/**
 * Logs in on a thread of its own, for as long as the person takes. pkcs11js gives C_Login the address of an empty text where the standard
 * wants NULL (PKCS#11 3.0, 5.6.8), and has no asynchronous form of it.
 */
export function loginThread({ library, session }: { readonly library: string; readonly session: Handle }): Promise<void> {
  const binding = createRequire(import.meta.url).resolve('pkcs11js');
  const worker = new Worker(source, { eval: true, workerData: { binding, library, session } });
  worker.unref();
  return new Promise((resolve, reject) => {
    worker.once('message', (refusal: string | null) => {
      if (refusal === null) resolve();
      else reject(new Error(refusal));
    });
    worker.once('error', reject);
  });
}

/** Plain JavaScript: a thread without a file of its own in the bundle. */
const source = `
  const { workerData: { binding, library, session }, parentPort } = require('node:worker_threads');
  const { PKCS11, CKU_USER } = require(binding);
  try {
    new PKCS11(library).C_Login(Buffer.from(session), CKU_USER, '');
    parentPort.postMessage(null);
  } catch (error) {
    parentPort.postMessage(String(error.message) + ':' + String(error.code ?? ''));
  }
`;
