import { exitCodes, Failure, toFailureData } from '../contract/index.ts';
import { CommandContext, helpOf, parseOptions } from './command.ts';
import { commands } from './commands/index.ts';
import { createOutput, reportFailure } from './output.ts';

function overview(): string {
  const lines = commands.map((command) => `  ${command.name.padEnd(14)}${command.summary}`);
  const codes = Object.entries(exitCodes).map(([name, code]) => `${String(code)} ${name}`);
  return `birthmark — provisioning station\n\nUsage: birthmark COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\nbirthmark COMMAND --help tells more. Exit codes: ${codes.join(', ')}.`;
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === 'help') {
    process.stdout.write(`${overview()}\n`);
    return name === undefined ? exitCodes.USAGE : exitCodes.OK;
  }
  const output = createOutput(rest.includes('--json'));
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    return reportFailure(
      output,
      new Failure('INVALID_INPUT', { field: 'command', problem: `there is no "${name}"; birthmark --help names all` }).toData(),
    );
  }
  if (rest.includes('--help')) {
    process.stdout.write(`${helpOf(command)}\n`);
    return exitCodes.OK;
  }
  let context: CommandContext | undefined;
  try {
    context = new CommandContext(output, parseOptions(command, rest));
    return await command.run(context);
  } catch (thrown) {
    return reportFailure(output, toFailureData(thrown));
  } finally {
    await context?.stop();
  }
}

process.exitCode = await main(process.argv.slice(2));
