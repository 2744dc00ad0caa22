import { exitCodes, type CallOutput } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { notInForce } from '../in-force.ts';
import { facts } from '../output.ts';

export async function showAccess(context: CommandContext): Promise<number> {
  return show(context, await context.start({ broker: true, line: 'off' }).call('access.show', {}));
}

export async function setTopics(context: CommandContext): Promise<number> {
  const { word: rule } = context.values;
  const station = context.start({ broker: true, line: 'off' });
  const view = await station.call('access.topicRule', { rule, anyway: context.values.flag('anyway') });
  const pending = await notInForce(station);
  show(context, view);
  return context.output.promised(pending);
}

function show({ output }: CommandContext, view: CallOutput<'access.show'>): number {
  output.result(view, () => inWords(view));
  if (!output.json) for (const warning of view.warnings) output.explain(warning);
  return exitCodes.OK;
}

function inWords(view: CallOutput<'access.show'>): string {
  const form = view.form === 'pattern' ? 'one line for all devices' : `an entry for each of ${String(view.devices)} devices`;
  const broker = view.brokerVersion === null ? 'a Mosquitto of unknown version' : `Mosquitto ${view.brokerVersion}`;
  const { entries, reloadMs, handshakeMs } = view.crl;
  return facts([
    ['topics', view.topicRule],
    ['form', form],
    ['each reload', `stops ${broker} for about ${String(view.reloadMs)} ms`],
    ['revoked', `${String(entries)}: about ${String(reloadMs)} ms for each reload, ${String(handshakeMs)} ms for each handshake`],
  ]);
}
