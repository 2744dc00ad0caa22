import { exitCodes, Failure } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { nextSignal } from '../interruption.ts';

/** Runs the station until it is told to end. NOT_SET_UP; STATION_RUNS where another program runs it. */
export async function serve(context: CommandContext): Promise<number> {
  const dataDir = context.dataFolder();
  const line = context.values.flag('no-line') ? 'off' : 'auto';
  const asked = nextSignal();
  const station = context.start({ broker: true, line }, { kind: 'serve' });
  const owner = await Promise.race([station.owner(), asked.then(() => null)]);
  if (owner !== null) throw new Failure('STATION_RUNS', { path: dataDir, pid: String(owner.pid) });
  // A folder that cannot be opened is said now, not by the first command that joins.
  const { phase } = await station.call('station.status', {});
  if (phase !== 'ready') throw new Failure('NOT_SET_UP');
  context.output.resultNow({ pid: process.pid, dataDir }, () => `The station of ${dataDir} runs (process ${String(process.pid)}).`);
  await asked;
  context.output.note('Stopping: what is running is ended in good order.');
  return exitCodes.OK;
}
