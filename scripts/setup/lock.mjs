import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { root } from './paths.mjs';
import { say } from './say.mjs';

const pollMs = 300;

/** A name of the kernel, not a file: it is free again the moment its owner ends, however it ends. */
const lockName = () => {
  const id = createHash('sha256').update(root).digest('hex').slice(0, 16);
  if (process.platform === 'linux') return `\0birthmark-set-up-${id}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\birthmark-set-up-${id}` : null;
};

const listen = (name) =>
  new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => (error.code === 'EADDRINUSE' ? done(null) : fail(error)));
    server.listen(name, () => done(server));
  });

/**
 * Runs the work while no other set-up works on this checkout.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function alone(work) {
  const name = lockName();
  if (name === null) return work();
  let server = await listen(name);
  if (server === null) say('waiting for another set-up of this checkout');
  while (server === null) {
    await wait(pollMs);
    server = await listen(name);
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}
