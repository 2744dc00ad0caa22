import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCached } from './archive.mjs';
import { step } from './command.mjs';
import { cacheFolder } from './paths.mjs';
import { SetupProblem, stage } from './say.mjs';

/** Built for the processor of the device agent’s example: a distribution has it as a library for its own processor only. */
const folder = join(cacheFolder, 'mbedtls-source');
const hint = `The tests build the device agent's example image with Mbed TLS. Its sources (2.28 or 3.6) are taken from where this machine's packages come from; they can also be unpacked into ${folder} by hand.`;

/** One line of a sources list for each place that this machine has its own release from. */
export function sourceLines(targets, codename) {
  const lines = targets
    .split('\n')
    .map((line) => line.split('|'))
    .filter(([, release, component]) => release === codename && ['main', 'universe'].includes(component))
    .map(([uri, release, component, key]) => `deb-src ${key?.startsWith('/') ? `[signed-by=${key}] ` : ''}${uri} ${release} ${component}`);
  return [...new Set(lines)];
}

function ownSources() {
  const format = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)';
  const [, codename] = /^VERSION_CODENAME="?(\w+)/mu.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  try {
    return sourceLines(
      execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], { encoding: 'utf8' }),
      codename,
    );
  } catch {
    return [];
  }
}

/** By apt in a folder of its own: checked by its signatures, without changing what the machine knows of packages. */
async function download(scratch) {
  const lines = ownSources();
  if (lines.length === 0) throw new SetupProblem(`No package source of this machine's own release was found.\n${hint}`);
  const list = join(scratch, 'sources.list');
  writeFileSync(list, `${lines.join('\n')}\n`);
  const [lists, cache, unpacked] = ['lists', 'cache', 'mbedtls'].map((name) => join(scratch, name));
  for (const made of [join(lists, 'partial'), join(cache, 'archives', 'partial'), unpacked]) mkdirSync(made, { recursive: true });
  const settings = { 'Dir::Etc::SourceList': list, 'Dir::Etc::SourceParts': '-', 'Dir::State::Lists': lists, 'Dir::Cache': cache };
  const apt = (...words) =>
    step('apt-get', [...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]), '-q', ...words], {
      cwd: scratch,
      hint,
    });
  await apt('update');
  await apt('source', '--download-only', 'mbedtls');
  const archive = readdirSync(scratch).find((name) => /\.orig\.tar\.\w+$/u.test(name));
  await step('tar', [
    '--extract',
    '--no-same-owner',
    '--strip-components=1',
    '--file',
    join(scratch, archive ?? ''),
    '--directory',
    unpacked,
  ]);
  return unpacked;
}

/** @returns {Promise<string>} the folder with the sources of Mbed TLS */
export async function mbedtlsSource() {
  if (!existsSync(join(folder, 'library', 'psa_crypto.c')))
    await stage('getting the sources of Mbed TLS', '10 seconds', () => makeCached(folder, download));
  return folder;
}
