// npm start: everything set up, then the app; without a display its main job on the command line.
import { inPlace } from './setup/command.mjs';
import { findDisplay } from './setup/display.mjs';
import { describeRuntime } from './setup/electron.mjs';
import { setUp } from './setup/index.mjs';
import { inRoot, node24, root } from './setup/paths.mjs';
import { requireSandbox } from './setup/sandbox.mjs';
import { runAsScript, say } from './setup/say.mjs';

const howToGetTheWindow = `
That was the station without its window. To get the window, run npm start where there is a display: at the machine's own
screen, over ssh -X, or, to test it where nobody looks, on a virtual one (Debian packages xvfb and xauth):

  xvfb-run -a npm start
`;

/** What Chrome reports as errors where a machine lacks D-Bus or a GPU is none of ours; ELECTRON_ENABLE_LOGGING=1 shows it. */
const quiet = process.env.ELECTRON_ENABLE_LOGGING ? [] : ['--log-level=3'];

/** @param {string} why */
async function withoutWindow(why) {
  await setUp({ commandLine: true });
  say(`${why}, so the demo runs here instead (about 20 seconds)`);
  const code = await inPlace(node24(), [inRoot('out', 'cli', 'birthmark.mjs'), 'demo']);
  if (code === 0) process.stderr.write(howToGetTheWindow);
  return code;
}

/** @param {readonly string[]} displayArgs */
async function inWindow(displayArgs) {
  const { electron } = await setUp({ app: true });
  const sandbox = requireSandbox(electron.executable);
  say(describeRuntime(electron));
  if (sandbox.note !== null) say(sandbox.note);
  return inPlace(electron.executable, [...sandbox.args, ...displayArgs, ...quiet, root, ...process.argv.slice(2)], {
    env: { ...process.env, BIRTHMARK_NODE: node24() },
  });
}

await runAsScript(async () => {
  const display = await findDisplay(process.env);
  return 'none' in display ? withoutWindow(display.none) : inWindow(display.args);
});
