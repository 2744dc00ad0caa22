import { connect } from 'node:net';
import { join } from 'node:path';

const answerMs = 2000;

/** @param {import('node:net').NetConnectOpts} where */
const answers = (where) =>
  new Promise((done) => {
    const socket = connect({ ...where, timeout: answerMs });
    const end = (reached) => {
      socket.destroy();
      done(reached);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });

/**
 * Where an X server listens, by its name in DISPLAY (`[host]:number[.screen]`).
 * @param {string} display
 * @returns {import('node:net').NetConnectOpts[]} any of them will do; none for a name that is no display
 */
export function xAddresses(display) {
  const parts = /^(?<host>[^:]*):(?<number>\d{1,4})(?:\.\d+)?$/u.exec(display);
  if (parts === null) return [];
  const { host, number } = parts.groups;
  const port = 6000 + Number(number);
  if (host !== '' && host !== 'unix') return [{ host, port }];
  const path = `/tmp/.X11-unix/X${number}`;
  return [{ path }, { path: `\0${path}` }];
}

/**
 * The display that a window can open on.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{args: readonly string[]} | {none: string}>} what Electron needs to use it; or why there is none
 */
export async function findDisplay(env) {
  if (process.platform !== 'linux') return { args: [] };
  const { DISPLAY: x = '', WAYLAND_DISPLAY: wayland = '', XDG_RUNTIME_DIR: runtime = '/' } = env;
  for (const address of xAddresses(x)) if (await answers(address)) return { args: [] };
  if (wayland !== '' && (await answers({ path: join(wayland.startsWith('/') ? '/' : runtime, wayland) }))) {
    return { args: ['--ozone-platform=wayland'] };
  }
  const tried = [x, wayland].filter(Boolean).join(' and ');
  return { none: tried === '' ? 'There is no display here to open a window on' : `Nothing answers at the display ${tried}` };
}
