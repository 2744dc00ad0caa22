import { exitCodes, Failure, logBugsTo, toFailureData } from '../contract/index.ts';
import { CommandContext } from './context.ts';
import type { CommandEntry } from './grammar/entry.ts';
import { find } from './grammar/find.ts';
import { commandHelp, helpFor } from './grammar/help.ts';
import { formats } from './grammar/formats.ts';
import { optionsOf } from './grammar/options.ts';
import { parse, withOptionNames } from './grammar/parse.ts';
import { nextSignal, type Interruption } from './interruption.ts';
import { Output } from './output.ts';
import { ownCommand } from './own-commands.ts';
import type { Values } from './values.ts';

/** Runs what the words after `birthmark` ask for; returns the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  logBugsTo((line) => process.stderr.write(`${line}\n`));
  const output = new Output({ format: asksForJson(args) ? 'json' : 'table', quiet: false, fileOnStandardOutput: false });
  let found;
  try {
    found = find(args);
  } catch (thrown) {
    return ended(output, output.failure(toFailureData(thrown)));
  }
  if (!('command' in found)) {
    process.stdout.write(`${helpFor(found.helpFor === null ? [] : [found.helpFor]) ?? ''}\n`);
    return found.asked ? exitCodes.OK : exitCodes.USAGE;
  }
  const { command, rest } = found;
  if (rest.some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${commandHelp(command)}\n`);
    return exitCodes.OK;
  }
  let values;
  try {
    values = parse(command, rest);
  } catch (thrown) {
    return ended(output, output.failure(toFailureData(thrown)));
  }
  return runCommand(command, values);
}

/** A command that cannot be parsed is told as it wanted to be answered. */
const asksForJson = (args: readonly string[]): boolean =>
  args.some(
    (arg, at) => arg === '--json' || arg === '-j' || /^--format=json/u.test(arg) || (arg === '--format' && args[at + 1] === 'json'),
  );

function ended(output: Output, exitCode: number): number {
  output.finish(exitCode);
  return exitCode;
}

function outputFor(command: CommandEntry, values: Values): Output {
  const format = command.rows === true ? formats.find((one) => one === values.text('format')) : undefined;
  const asLines = command.options?.['json-lines'] !== undefined && values.flag('json-lines');
  const writes = Object.entries(optionsOf(command)).filter(([, { file }]) => file === 'write');
  return new Output({
    format: asLines ? 'json-lines' : values.flag('json') ? 'json' : (format ?? 'table'),
    quiet: values.flag('quiet'),
    fileOnStandardOutput: writes.some(([name]) => values.text(name) === '-'),
  });
}

async function runCommand(command: CommandEntry, values: Values): Promise<number> {
  const output = outputFor(command, values);
  const context = new CommandContext(output, values);
  try {
    const run = command.load === null ? ownCommand(command.name) : await command.load();
    const ends = command.untilStopped === true ? [] : [nextSignal()];
    const result = await Promise.race([run(context), context.gone, ...ends]);
    return ended(output, typeof result === 'number' ? result : await interrupted(context, result));
  } catch (thrown) {
    return ended(output, output.failure(withOptionNames(command, toFailureData(thrown))));
  } finally {
    await context.stop();
  }
}

/** Puts everything away, then leaves at once: what the command was waiting for will not come any more. */
async function interrupted(context: CommandContext, { exitCode }: Interruption): Promise<never> {
  const { output } = context;
  output.note('Stopping: what is running is ended in good order. Once more to leave at once.');
  await context.stop();
  const left =
    'in order: nothing is ACTIVE that was not proven; what was signed for a unit that was not finished is revoked, or waits for its proof';
  output.failure(new Failure('CANCELLED', { left }).toData());
  output.finish(exitCode);
  process.exit(exitCode);
}
