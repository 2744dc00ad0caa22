import { exitCodes } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { inWords, stepsTable } from './verify-text.ts';

export async function why(context: CommandContext): Promise<number> {
  const device = context.values.word;
  const offline = context.values.flag('offline');
  const station = context.start({ broker: !offline, line: offline ? 'off' : 'watch' });
  const found = await station.call('verify.why', { device, said: context.values.text('said') ?? null, live: !offline });
  context.output.result({ ...found, diagnosis: inWords(found.diagnosis) }, () => stepsTable(found.findings));
  if (found.verdict !== 'PASS') return context.output.failure(found.diagnosis);
  if (!context.output.json) context.output.explain(found.diagnosis);
  return exitCodes.OK;
}
