// npm run package: the unpacked app in dist/, with fuses.
import { cp, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inPlace } from './setup/command.mjs';
import { describeRuntime } from './setup/electron.mjs';
import { setUp } from './setup/index.mjs';
import { inRoot, node24 } from './setup/paths.mjs';
import { runAsScript, say } from './setup/say.mjs';

/** electron-builder wants a runtime without a default app, to put ours in its place. */
async function bareRuntime(executable) {
  const copy = inRoot('build', 'electron');
  await rm(copy, { recursive: true, force: true });
  await cp(dirname(executable), copy, { recursive: true, filter: (file) => !file.endsWith('default_app.asar') });
  return copy;
}

await runAsScript(async () => {
  const { electron } = await setUp({ app: true });
  say(`packaging with ${describeRuntime(electron)}`);
  const runtime = await bareRuntime(electron.executable);
  const options = [
    '--linux',
    'dir',
    '--publish',
    'never',
    `--config.electronDist=${runtime}`,
    `--config.electronVersion=${electron.version}`,
  ];
  // A fuse that the stand-in is too old to have.
  if (electron.kind === 'official') options.push('--config.electronFuses.grantFileProtocolExtraPrivileges=false');
  return inPlace(node24(), [inRoot('node_modules', 'electron-builder', 'cli.js'), ...options]);
});
