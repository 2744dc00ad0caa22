import { exitCodes, type CallOutput } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { reportFailure } from '../output.ts';

export const access: Command = {
  name: 'access',
  summary: 'which topics devices have on the broker, and what the access list costs it',
  options: {
    'topic-rule': { argument: 'RULE', help: 'give devices other topics, e.g. tenant/{tenant}/{device}/#' },
    anyway: { help: 'with --topic-rule: although devices in the field use the topics that they have' },
  },
  async run(context) {
    const rule = context.text('topic-rule');
    const station = context.start({ broker: true, line: 'off' });
    const view =
      rule === undefined
        ? await station.call('access.show', {})
        : await station.call('access.topicRule', { rule, anyway: context.flag('anyway') });
    context.output.result(view, () => inWords(view));
    if (!context.output.json) for (const warning of view.warnings) reportFailure(context.output, warning);
    return exitCodes.OK;
  },
};

function inWords(view: CallOutput<'access.show'>): string {
  const form = view.form === 'pattern' ? 'one line for all devices' : `an entry for each of ${String(view.devices)} devices`;
  const broker = view.brokerVersion === null ? 'a Mosquitto of unknown version' : `Mosquitto ${view.brokerVersion}`;
  const { entries, reloadMs, handshakeMs } = view.crl;
  return [
    `topics       ${view.topicRule}`,
    `form         ${form}`,
    `each reload  stops ${broker} for about ${String(view.reloadMs)} ms`,
    `revoked      ${String(entries)}: about ${String(reloadMs)} ms for each reload, ${String(handshakeMs)} ms for each handshake`,
  ].join('\n');
}
