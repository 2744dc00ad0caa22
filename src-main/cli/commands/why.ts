import { catalogue, exitCodes, Failure } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { reportFailure } from '../output.ts';
import { inWords, stepsTable } from './verify-text.ts';

export const why: Command = {
  name: 'why',
  summary: 'why can this device not connect? Its record, revocations, lists and last run, then the broker, then the unit itself',
  options: {
    device: { argument: 'TENANT/DEVICE', help: 'the device' },
    said: { argument: 'TEXT', help: 'what the device itself reports, e.g. "alert 45" or "CONNACK 5"' },
    offline: { help: 'only what the station knows; the broker is not tried' },
  },
  async run(context) {
    const device = context.text('device');
    if (device === undefined) throw new Failure('INVALID_INPUT', { field: '--device', problem: 'is needed' });
    const offline = context.flag('offline');
    const station = context.start({ broker: !offline, line: offline ? 'off' : 'watch' });
    const found = await station.call('verify.why', { device, said: context.text('said') ?? null, live: !offline });
    context.output.result({ ...found, diagnosis: inWords(found.diagnosis) }, () => stepsTable(found.findings));
    if (!context.output.json) reportFailure(context.output, found.diagnosis);
    return found.verdict === 'PASS' ? exitCodes.OK : exitCodes[catalogue[found.diagnosis.code].exit];
  },
};
