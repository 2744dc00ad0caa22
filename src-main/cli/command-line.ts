import { exitCodes, Failure, logBugsTo, toFailureData } from '../contract/index.ts';
import { CommandContext, helpOf, parseOptions, withOptionNames, type Command } from './command.ts';
import { commands } from './commands/index.ts';
import { nextSignal, type Interruption } from './interruption.ts';
import { createOutput, reportFailure, type Output } from './output.ts';

const product = 'birthmark — provisioning station';

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  const codes = Object.entries(exitCodes).map(([name, code]) => `${String(code)} ${name}`);
  return `${product}\n\nUsage: birthmark COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\nbirthmark COMMAND --help tells more, birthmark --version which one this is. Exit codes: ${codes.join(', ')}; 130 and 143 after Ctrl-C and SIGTERM.`;
}

const asksForHelp = (word: string): boolean => word === '--help' || word === '-h';

/** Runs what the words after `birthmark` ask for; returns the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  logBugsTo((line) => process.stderr.write(`${line}\n`));
  const output = createOutput(args.includes('--json'));
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || asksForHelp(name)) {
    process.stdout.write(`${overview()}\n`);
    return name === undefined ? exitCodes.USAGE : exitCodes.OK;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const problem = `there is no command "${name}"; birthmark --help names them`;
    return reportFailure(output, new Failure('INVALID_INPUT', { field: 'command', problem }).toData());
  }
  if (rest.some(asksForHelp)) {
    process.stdout.write(`${helpOf(command)}\n`);
    return exitCodes.OK;
  }
  return runCommand(command, rest, output);
}

async function runCommand(command: Command, args: readonly string[], output: Output): Promise<number> {
  let context: CommandContext | undefined;
  try {
    context = new CommandContext(output, parseOptions(command, args));
    const ended = await Promise.race([command.run(context), nextSignal()]);
    return typeof ended === 'number' ? ended : await interrupted(context, ended);
  } catch (thrown) {
    return reportFailure(output, withOptionNames(command, toFailureData(thrown)));
  } finally {
    await context?.stop();
  }
}

/** Puts everything away, then leaves at once: what the command was waiting for will not come any more. */
async function interrupted(context: CommandContext, { exitCode }: Interruption): Promise<never> {
  context.output.note('Stopping: what is running is ended in good order. Once more to leave at once.');
  await context.stop();
  const left =
    'in order: nothing is ACTIVE that was not proven; what was signed for a unit that was not finished is revoked, or waits for its proof';
  reportFailure(context.output, new Failure('CANCELLED', { left }).toData());
  process.exit(exitCode);
}
