import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupProblem } from './say.mjs';

/**
 * What decides whether Chrome's sandbox can start. Chrome uses user namespaces where it may make them, else its helper.
 * @typedef {object} SandboxFacts
 * @property {boolean} root is this the super-user?
 * @property {boolean} namespaces may this user make user namespaces, and use the rights in them?
 * @property {string | null} setting the kernel setting that forbids them, as sysctl writes what would allow them
 * @property {string} helper the path of Chrome's helper, `chrome-sandbox`
 * @property {boolean} helperReady does it belong to root, with its setuid bit?
 * @property {boolean} confined can no program here gain rights by a setuid bit (a container, no_new_privs)?
 * @property {boolean} nosuid is the helper on a file system that ignores setuid bits?
 */

const sysAdmin = 21n;

/** The helper needs CAP_SYS_ADMIN: is it out of reach for this process and all that it starts? */
function confined() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bounding = BigInt(`0x${/^CapBnd:\s*([\da-f]+)$/mu.exec(status)?.[1] ?? '0'}`);
  return /^NoNewPrivs:\s*1$/mu.test(status) || ((bounding >> sysAdmin) & 1n) === 0n;
}

/** The same namespaces as Chrome makes. AppArmor lets them be made but gives no rights in them, so one right is used. */
function namespacesWork() {
  try {
    execFileSync('unshare', ['--user', '--map-root-user', '--net', '--pid', '--fork', 'unshare', '--net', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Settings that forbid user namespaces: where, the value that forbids, the value that allows. */
const settings = [
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
  ['kernel.unprivileged_userns_clone', '0', '1'],
  ['user.max_user_namespaces', '0', '15000'],
];

function forbiddingSetting() {
  const value = (name) => {
    const file = join('/proc/sys', ...name.split('.'));
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  };
  const found = settings.find(([name, forbids]) => value(name) === forbids);
  return found === undefined ? null : `${found[0]}=${found[2]}`;
}

/** Is the file system of this path mounted nosuid? The last mount that the path lies under counts. */
function nosuid(path) {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  const over = mounts
    .map((line) => line.split(' '))
    .map(([, , , , point, options]) => ({ point: point.replaceAll('\\040', ' '), options: options.split(',') }))
    .filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`))
    .sort((a, b) => a.point.length - b.point.length);
  return over.at(-1)?.options.includes('nosuid') ?? false;
}

/**
 * @param {string} executable Electron
 * @returns {SandboxFacts} of this machine and user; Linux only
 */
export function sandboxFacts(executable) {
  const helper = join(dirname(executable), 'chrome-sandbox');
  const found = statSync(helper, { throwIfNoEntry: false });
  return {
    root: process.getuid() === 0,
    namespaces: namespacesWork(),
    setting: forbiddingSetting(),
    helper,
    helperReady: found !== undefined && found.uid === 0 && (found.mode & 0o7777) === 0o4755,
    confined: confined(),
    nosuid: nosuid(helper),
  };
}

const quoted = (path) => (/^[\w./@:+-]+$/u.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

/** @param {SandboxFacts} facts of a machine on which the sandbox cannot start */
function whatToDo({ setting, helper, confined, nosuid }) {
  if (confined) return 'This looks like a container that may not have it. Start Birthmark outside of the container.';
  const owned = `sudo chown root:root ${quoted(helper)} && sudo chmod 4755 ${quoted(helper)}`;
  if (!nosuid) return `Run this once, then try again:\n\n  ${owned}`;
  if (setting !== null) return `Run this, then try again (it holds until the next boot):\n\n  sudo sysctl -w ${setting}`;
  return `${helper} is on a file system mounted "nosuid". Put Birthmark and its cache (XDG_CACHE_HOME) on another one, then try again.`;
}

/**
 * Can Chrome's sandbox start, which locks up the app's pages?
 * @param {SandboxFacts} facts
 * @returns {{args: readonly string[], note: string | null} | {problem: string}} the arguments that Electron needs, with a line for
 *   people where there is something to say; or what to do first
 */
export function judgeSandbox(facts) {
  if (facts.root) {
    const note = 'Chrome runs no sandbox for root, so the window opens without one; start as an ordinary user to have it';
    return { args: ['--no-sandbox', '--disable-gpu'], note };
  }
  if (facts.namespaces || (facts.helperReady && !facts.confined && !facts.nosuid)) return { args: [], note: null };
  const why = facts.setting === null ? '' : ` (${facts.setting.split('=')[0]})`;
  return {
    problem: `The window cannot open yet: Chrome's sandbox cannot start, because this user may make no user namespaces here${why},
and its helper cannot act as root. ${whatToDo(facts)}

Or use the station without its window:

  npm run -s birthmark -- demo
`,
  };
}

/**
 * What Electron must be given on this machine, or a SetupProblem that says what to do first.
 * @param {string} executable Electron
 */
export function requireSandbox(executable) {
  const judged = judgeSandbox(sandboxFacts(executable));
  if ('problem' in judged) throw new SetupProblem(judged.problem);
  return judged;
}
