import { utimesSync } from 'node:fs';
import { step } from './command.mjs';
import { electronRuntime } from './electron.mjs';
import { alone } from './lock.mjs';
import { deviceAgent, deviceImage, pinPad, processGuard, tokenShim } from './native.mjs';
import { nodePackages } from './node-packages.mjs';
import { inRoot, node24 } from './paths.mjs';
import { stage } from './say.mjs';
import { unlessDone } from './stamp.mjs';
import { systemPackages } from './system.mjs';

const build = (...parts) => step(node24(), [inRoot('scripts', 'build.mjs'), ...parts]);
const always = ['src-main', 'resources/locales', 'package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/bundles.ts'];

/** What `scripts/build.mjs` makes of what. */
const serviceBundles = {
  name: 'service-bundles',
  sources: always,
  results: ['out/services/station.cjs', 'out/services/signer.cjs'],
  work: () => stage('building the services', '5 seconds', () => build('station', 'signer')),
};
const commandLineBundle = {
  name: 'command-line-bundle',
  sources: always,
  results: ['out/cli/birthmark.mjs'],
  work: () => stage('building the command line', '5 seconds', () => build('cli')),
};
const windowBundles = {
  name: 'window-bundles',
  sources: [...always, 'src-renderer'],
  results: ['out/renderer/index.html', 'out/desktop/main.cjs', 'out/preload/preload.cjs'],
  work: () => stage('building the app', '10 seconds', () => build('renderer', 'desktop', 'preload')),
};

/** `birthmark` compares times: a bundle that was made from the same sources is as new as they are. */
async function buildCommandLine() {
  await unlessDone(serviceBundles);
  await unlessDone(commandLineBundle);
  const now = new Date();
  utimesSync(inRoot('out', 'cli', 'birthmark.mjs'), now, now);
}

/** The command line and the services that it starts, up to date. */
export const buildBundles = () => alone(buildCommandLine);

/**
 * Brings a checkout into a state where the named things work. Does nothing, silently, where that is so already.
 * @param {{app?: boolean, commandLine?: boolean, tests?: boolean}} need app: Electron and the built app; commandLine: its bundle; tests: what
 *   the tests use besides
 * @returns {Promise<{electron: import('./electron.mjs').Runtime | null}>}
 */
export async function setUp({ app = false, commandLine = false, tests = false }) {
  return alone(async () => {
    await systemPackages({ base: true, electron: app, tests });
    await nodePackages();
    await deviceAgent();
    await pinPad();
    await processGuard();
    if (tests) {
      await tokenShim();
      await deviceImage();
    }
    if (app) await unlessDone(serviceBundles);
    if (commandLine || tests) await buildCommandLine();
    if (!app) return { electron: null };
    await unlessDone(windowBundles);
    return { electron: await electronRuntime() };
  });
}
