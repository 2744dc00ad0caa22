import { exitCodes } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { nextSignal } from '../interruption.ts';

/** Prints each event of the station until it is told to end, or `--count` have come. */
export async function followEvents(context: CommandContext): Promise<number> {
  const { output, values } = context;
  const wanted = new Set(values.list('event'));
  const most = values.text('count') === undefined ? Infinity : values.number('count', { min: 1, max: 1_000_000_000, fallback: 1 });
  const asked = nextSignal();
  const station = context.start({ broker: true, line: 'off' });
  let count = 0;
  const enough = new Promise<void>((done) => {
    station.onEvery((event, payload) => {
      if (count >= most || (wanted.size > 0 && !wanted.has(event))) return;
      count++;
      const at = new Date().toISOString();
      output.write(output.json ? `${JSON.stringify({ at, event, payload })}\n` : `${at}  ${event.padEnd(18)}  ${briefly(payload)}\n`);
      if (count >= most) done();
    });
  });
  await station.call('station.status', {});
  await Promise.race([asked, enough]);
  // The lines are the result.
  output.printed();
  return exitCodes.OK;
}

/** What a person looks for first: the plain values of an event, without what it holds in parts. */
function briefly(payload: unknown): string {
  if (typeof payload !== 'object' || payload === null) return JSON.stringify(payload);
  return Object.entries(payload)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== '')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(' · ');
}
