import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, Failure } from '../../contract/index.ts';
import { levels, readLog, searchable, type StoredLine, type Wanted } from '../../log/index.ts';
import type { CommandContext } from '../context.ts';
import { nextSignal } from '../interruption.ts';
import { dataFolder } from '../station-process.ts';

/** Reads the files of the log: no station needs to run. */
export async function log(context: CommandContext): Promise<number> {
  const { output, values } = context;
  const dataDir = dataFolder(values.text('data'));
  if (!existsSync(join(dataDir, 'station.lock'))) throw new Failure('NOT_SET_UP');
  const leave = new AbortController();
  if (values.flag('follow')) void nextSignal().then(() => leave.abort());
  for await (const line of readLog(dataDir, wantedBy(context), values.flag('follow') ? leave.signal : null))
    output.write(`${output.json ? JSON.stringify(line) : readable(line)}\n`);
  // The lines are the result.
  output.printed();
  return exitCodes.OK;
}

function wantedBy({ values }: CommandContext): Wanted {
  const level = levels.find((one) => one === values.text('level')) ?? 'info';
  const ids = searchable.flatMap((name) => {
    const id = values.text(name);
    return id === undefined ? [] : [[name, id] as const];
  });
  return { level, ids: Object.fromEntries(ids) };
}

/** What a unit or a broker said may be in a line: no control character of it reaches the terminal. */
function readable({ time, level, component, msg, ...facts }: StoredLine): string {
  const rest = Object.entries(facts).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const text = [time, level.padEnd(5), component.padEnd(11), msg, ...rest].join('  ');
  return text.replace(/[^\P{Cc}\n]/gu, '\uFFFD').replace(/\n/gu, '\n    ');
}
