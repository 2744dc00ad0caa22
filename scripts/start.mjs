// npm start: everything set up, then the app.
import { inPlace } from './setup/command.mjs';
import { describeRuntime } from './setup/electron.mjs';
import { setUp } from './setup/index.mjs';
import { node24, root } from './setup/paths.mjs';
import { runAsScript, say, SetupProblem } from './setup/say.mjs';

await runAsScript(async () => {
  const { electron } = await setUp({ app: true });
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    throw new SetupProblem(
      'Everything is set up, but there is no display here to open a window on.\nThe same station without a window:\n\n  npm run -s birthmark -- demo\n',
    );
  }
  say(describeRuntime(electron));
  return inPlace(electron.executable, [...electron.args, root, ...process.argv.slice(2)], {
    env: { ...process.env, BIRTHMARK_NODE: node24() },
  });
});
