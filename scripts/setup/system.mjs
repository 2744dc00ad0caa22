import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { step } from './command.mjs';
import { stage, SetupProblem } from './say.mjs';

const program = (name) => ({ folders: () => [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'], name });
const header = (name) => ({ folders: () => ['/usr/include', '/usr/local/include'], name });
const library = (name) => ({ folders: libraryFolders, name });

function libraryFolders() {
  const multiarch = readdirSync('/usr/lib').filter((folder) => folder.endsWith('-linux-gnu'));
  return ['/usr/lib', '/usr/lib64', '/usr/local/lib', ...multiarch.map((folder) => join('/usr/lib', folder))];
}

const postgresRoot = '/usr/lib/postgresql';
function postgresFolders() {
  return existsSync(postgresRoot) ? readdirSync(postgresRoot).map((version) => join(postgresRoot, version, 'bin')) : [];
}

/**
 * @typedef {{folders: () => string[], name: string}} Sign
 * @typedef {[names: string[], sign: Sign]} Package
 */

/**
 * Debian package (further names: what newer releases call it) and what shows that it is there.
 * @type {Record<'base' | 'electron' | 'tests', Package[]>}
 */
export const packages = {
  base: [
    [['gcc'], program('gcc')],
    [['g++'], program('g++')],
    [['make'], program('make')],
    [['python3'], program('python3')],
    [['openssl'], program('openssl')],
    [['libmbedtls-dev'], header('mbedtls/ssl.h')],
    [['softhsm2'], program('softhsm2-util')],
    [['mosquitto'], program('mosquitto')],
  ],
  electron: [
    [['libgtk-3-0', 'libgtk-3-0t64'], library('libgtk-3.so.0')],
    [['libnss3'], library('libnss3.so')],
    [['libasound2', 'libasound2t64'], library('libasound.so.2')],
    [['libgbm1'], library('libgbm.so.1')],
    [['libxss1'], library('libXss.so.1')],
    [['libatk-bridge2.0-0', 'libatk-bridge2.0-0t64'], library('libatk-bridge-2.0.so.0')],
    [['libdrm2'], library('libdrm.so.2')],
    [['libxkbcommon0'], library('libxkbcommon.so.0')],
    [['fonts-dejavu-core'], { folders: () => ['/usr/share/fonts'], name: 'truetype' }],
  ],
  tests: [
    [['mosquitto-clients'], program('mosquitto_pub')],
    [['openssh-server'], program('sshd')],
    [['sudo'], program('sudo')],
    [['postgresql-15', 'postgresql-17', 'postgresql'], { folders: postgresFolders, name: 'postgres' }],
    [['prometheus'], program('promtool')],
    [['gnutls-bin'], program('gnutls-cli')],
    [['opensc'], program('pkcs11-tool')],
    [['zsh'], program('zsh')],
    [['fish'], program('fish')],
    [['groff-base'], program('groff')],
    [['libnss3-tools'], program('certutil')],
    [['libengine-pkcs11-openssl'], library('engines-3/pkcs11.so')],
    [['p7zip-full', '7zip'], program('7z')],
    [['clang'], program('clang')],
    [['lld'], program('ld.lld')],
    [['cmake'], program('cmake')],
    [['python3-kconfiglib'], { folders: () => ['/usr/lib/python3/dist-packages'], name: 'kconfiglib.py' }],
    [['xvfb'], program('Xvfb')],
    [['xauth'], program('xauth')],
    [['qemu-system-arm'], program('qemu-system-arm')],
    [['firmware-microbit-micropython'], { folders: () => ['/usr/share/firmware-microbit-micropython'], name: 'firmware.hex' }],
  ],
};

const present = ({ folders, name }) => folders().some((folder) => existsSync(join(folder, name)));

/** The first of a package's names that this release of Debian has. */
function knownName(names) {
  const known = names.find((name) => {
    try {
      execFileSync('apt-cache', ['show', name], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  return known ?? names[0];
}

/**
 * Runs the work while package scripts are kept from starting services (mosquitto would take port 1883, PostgreSQL 5432).
 * policy-rc.d is Debian's way to say so: exit 101 forbids every start.
 */
async function withoutServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) rmSync(policy);
  }
}

/** Package → the service that it would start at each boot. */
const services = { mosquitto: 'mosquitto.service', 'postgresql-15': 'postgresql.service', prometheus: 'prometheus.service' };
const disableServices = (names) => {
  const units = names.flatMap((name) => services[name] ?? []);
  return units.length > 0 && hasSystemd() ? [['systemctl', 'disable', '--now', ...units]] : [];
};
const hasSystemd = () => existsSync('/run/systemd/system');

/** apt says how far it is in lines like `dlstatus:1:23.5:…` and `pmstatus:libgtk-3-0:61.9:…`; both halves count as half. */
function aptPercent(text, before) {
  const lines = [...text.matchAll(/^(dl|pm)status:[^:]*:([\d.]+):/gmu)];
  const last = lines.at(-1);
  return last === undefined ? before : Number(last[2]) / 2 + (last[1] === 'pm' ? 50 : 0);
}

async function install(missing) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await stage('asking for the list of Debian packages', '10 seconds', () => step('apt-get', ['update', '-q'], { env }));
  const names = missing.map(knownName);
  let percent = 0;
  const onOutput = (text) => (percent = aptPercent(text, percent));
  const args = ['-o', 'APT::Status-Fd=1', 'install', '-y', '-q', '--no-install-recommends', ...names];
  const what = `installing ${names.length === 1 ? 'one Debian package' : `${names.length} Debian packages`}: ${names.join(' ')}`;
  const work = () => withoutServices(() => step('apt-get', args, { env, onOutput }));
  await stage(what, 'two minutes', work, () => percent);
  // policy-rc.d holds back the start now; the next boot would start it all the same.
  for (const [command, ...words] of disableServices(names)) await step(command, words);
}

function tellTheCommand(missing) {
  const names = missing.map(([name]) => name);
  if (!existsSync('/etc/debian_version')) {
    throw new SetupProblem(
      `Birthmark needs these first (names as Debian has them):\n\n  ${names.join(' ')}\n\nInstall them and run this again.`,
    );
  }
  const commands = [
    ['apt-get', 'update'],
    ['apt-get', 'install', '-y', '--no-install-recommends', ...missing.map(knownName)],
  ];
  commands.push(...disableServices(names));
  const line = commands.map((words) => ['sudo', ...words].join(' ')).join(' && ');
  throw new SetupProblem(
    `Birthmark needs some Debian packages and may not install them itself. Run this once, then try again:\n\n  ${line}\n`,
  );
}

/**
 * System packages: installs what is missing as root on Debian, else says what to run.
 * @param {{base: boolean, electron: boolean, tests: boolean}} groups
 */
export async function systemPackages(groups) {
  if (process.platform !== 'linux') {
    throw new SetupProblem('Birthmark is set up on Linux (Debian 12 or newer) only; this is ' + process.platform + '.');
  }
  const wanted = Object.keys(packages).flatMap((group) => (groups[group] ? packages[group] : []));
  const missing = wanted.filter(([, sign]) => !present(sign)).map(([names]) => names);
  if (missing.length === 0) return;
  if (process.getuid() !== 0 || !existsSync('/etc/debian_version')) tellTheCommand(missing);
  await install(missing);
  const still = wanted.filter(([, sign]) => !present(sign)).map(([names]) => names[0]);
  if (still.length > 0) throw new SetupProblem(`These packages were installed but are not where they should be: ${still.join(' ')}`);
}
