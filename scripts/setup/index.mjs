import { step } from './command.mjs';
import { electronRuntime } from './electron.mjs';
import { alone } from './lock.mjs';
import { deviceAgent, pinPad, tokenShim } from './native.mjs';
import { nodePackages } from './node-packages.mjs';
import { inRoot, node24 } from './paths.mjs';
import { stage } from './say.mjs';
import { unlessDone } from './stamp.mjs';
import { systemPackages } from './system.mjs';

/** What `scripts/build.mjs` makes of what. */
const bundles = {
  name: 'bundles',
  sources: [
    'src-main',
    'src-renderer',
    'resources/locales',
    'package.json',
    'package-lock.json',
    'scripts/build.mjs',
    'scripts/bundles.ts',
  ],
  results: [
    'out/renderer/index.html',
    'out/desktop/main.cjs',
    'out/preload/preload.cjs',
    'out/services/station.cjs',
    'out/services/signer.cjs',
  ],
  work: () => stage('building the app', '10 seconds', () => step(node24(), [inRoot('scripts', 'build.mjs')])),
};

/**
 * Brings a checkout into a state where the named things work. Does nothing, silently, where that is so already.
 * @param {{app?: boolean, tests?: boolean}} need app: Electron and the built app; tests: what the tests use besides
 * @returns {Promise<{electron: import('./electron.mjs').Runtime | null}>}
 */
export async function setUp({ app = false, tests = false }) {
  return alone(async () => {
    await systemPackages({ base: true, electron: app, tests });
    await nodePackages();
    await deviceAgent();
    await pinPad();
    if (tests) await tokenShim();
    if (!app) return { electron: null };
    await unlessDone(bundles);
    return { electron: await electronRuntime() };
  });
}
