import { cp, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { builds } from '../../../scripts/bundles.ts';
import { root } from './app.ts';

/** The oldest Node that an Electron used here has; the app's own services are built for a newer one. */
const oldestNode = 'node18';

/** The built app in a folder of its own, to be damaged. Whoever makes it removes it. */
export async function copyOfApp(): Promise<string> {
  const folder = await copyWithoutModules();
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function copyWithoutModules(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'birthmark-app-'));
  await cp(join(root, 'out'), join(folder, 'out'), { recursive: true });
  for (const name of ['package.json', 'resources', 'build']) await symlink(join(root, name), join(folder, name));
  return folder;
}

/**
 * The app with a stand-in for better-sqlite3. In utility processes of every Electron the stand-in is what decides whether the
 * station starts: its bundle is made for the oldest one.
 */
export async function appWithSqlite(standIn: string): Promise<string> {
  const folder = await copyWithoutModules();
  await mkdir(join(folder, 'node_modules'));
  const own = 'better-sqlite3';
  for (const name of await readdir(join(root, 'node_modules')))
    if (name !== own) await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  await mkdir(join(folder, 'node_modules', own));
  await writeFile(join(folder, 'node_modules', own, 'index.js'), `'use strict';\n${standIn}\n`);
  const { station } = builds;
  await build({ ...station, build: { ...station.build, target: oldestNode, outDir: join(folder, 'out', 'services') } });
  return folder;
}
