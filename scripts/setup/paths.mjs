import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The checkout these scripts belong to. */
export const root = resolve(import.meta.dirname, '..', '..');
export const inRoot = (...parts) => join(root, ...parts);

/** Downloads that outlive a checkout and are shared by all of them. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'birthmark');

/** The pinned Node 24 of node_modules, where there is one for this platform. */
const pinnedNode = inRoot('node_modules', '.bin', 'node');

/** Is the Node that runs this script new enough for the project? */
export const recentEnough = Number(process.versions.node.split('.')[0]) >= 24;

/** @returns {string | null} a Node of version 24 or newer */
export function node24() {
  if (existsSync(pinnedNode)) return pinnedNode;
  return recentEnough ? process.execPath : null;
}
