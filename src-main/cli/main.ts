import { allowEarlyReaders } from './early-readers.ts';
import { version } from '../contract/version.ts';

allowEarlyReaders();
const args = process.argv.slice(2);
// Loading all commands takes most of a second of CPU: not for this answer.
if (args[0] === '--version') process.stdout.write(`birthmark ${version}\n`);
else {
  const { runCommandLine } = await import('./command-line.ts');
  process.exitCode = await runCommandLine(args);
}
