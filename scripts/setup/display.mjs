import { connect } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { askXServer } from './x-server.mjs';

/** @param {string} path of a Unix socket */
const listens = (path) =>
  new Promise((done) => {
    const socket = connect(path);
    const end = (reached) => {
      socket.destroy();
      done(reached);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

/**
 * The display that a window can open on.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{args: readonly string[]} | {none: string}>} what Electron needs to use it; or why there is none
 */
export async function findDisplay(env) {
  if (process.platform !== 'linux') return { args: [] };
  const { DISPLAY: x = '', WAYLAND_DISPLAY: wayland = '', XDG_RUNTIME_DIR: runtime = '/' } = env;
  const answer = await askXServer(env);
  if (answer === 'open') return { args: [] };
  if (wayland !== '' && (await listens(isAbsolute(wayland) ? wayland : join(runtime, wayland)))) {
    return { args: ['--ozone-platform=wayland'] };
  }
  if (answer === 'refused') return { none: `The display ${x} lets no programs of this user in` };
  const tried = [x, wayland].filter(Boolean).join(' and ');
  return { none: tried === '' ? 'There is no display here to open a window on' : `Nothing answers at the display ${tried}` };
}
