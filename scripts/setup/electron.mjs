import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fallbackRuntime, fallbackFolder } from './electron-fallback.mjs';
import { folderBytes, untilStalled } from './stalled.mjs';
import { cacheFolder, inRoot, node24 } from './paths.mjs';
import { stage } from './say.mjs';

/**
 * @typedef {object} Runtime
 * @property {'official' | 'fallback'} kind
 * @property {string} version
 * @property {string} executable
 */

const officialFolder = inRoot('node_modules', 'electron', 'dist');
const officialVersion = () => JSON.parse(readFileSync(inRoot('node_modules', 'electron', 'package.json'), 'utf8')).version;

/** @returns {Runtime | null} */
function official() {
  const executable = join(officialFolder, process.platform === 'win32' ? 'electron.exe' : 'electron');
  const version = join(officialFolder, 'version');
  if (!existsSync(executable) || !existsSync(version)) return null;
  const found = readFileSync(version, 'utf8').replace(/^v/u, '').trim();
  return found === officialVersion() ? { kind: 'official', version: found, executable } : null;
}

/** The electron package downloads its binary when it is first asked for; given up when nothing arrives any more. */
async function download() {
  mkdirSync(cacheFolder, { recursive: true });
  const temporary = await mkdtemp(join(cacheFolder, 'download-'));
  try {
    const env = { TMPDIR: temporary };
    const install = [inRoot('node_modules', 'electron', 'install.js')];
    const work = () => untilStalled(node24(), install, env, () => folderBytes([temporary, officialFolder]));
    await stage(`downloading Electron ${officialVersion()}`, 'half a minute', work);
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
  return { kind: 'fallback', ...(await fallbackRuntime()) };
}

/** @param {Runtime} runtime for people */
export const describeRuntime = ({ kind, version, executable }) =>
  kind === 'official'
    ? `Electron ${version}`
    : `Electron ${version}, the stand-in for networks where Electron ${officialVersion()} cannot be downloaded (${executable}); for trying and testing only`;
