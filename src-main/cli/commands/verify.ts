import { exitCodes } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { table } from '../output.ts';
import { stepsTable } from './verify-text.ts';
import { clientOptions, namesClient, targetOptions } from './verify-options.ts';
import { verifyClient } from './verify-client.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'prove the units that are NOT_VERIFIED and check the way to the broker; or try any broker as any client',
  options: { broker: { help: 'only check the way to the station’s own broker, step by step' }, ...targetOptions, ...clientOptions },
  run: (context) => (namesClient(context) ? verifyClient(context) : verifyUnits(context)),
};

async function verifyUnits(context: CommandContext): Promise<number> {
  const station = context.start({ broker: true, line: context.flag('broker') ? 'off' : 'watch' });
  const checks = await station.call('verify.broker', {});
  const way = checks.every((check) => check.result !== 'FAIL');
  const units = context.flag('broker') ? [] : await station.call('verify.outstanding', {});
  const passed = units.filter((unit) => unit.verdict === 'PASS').length;
  const ok = way && passed === units.length;
  context.output.result(
    { verdict: ok ? 'PASS' : 'FAIL', units, broker: checks, totals: { units: units.length, passed, left: units.length - passed } },
    () =>
      [
        stepsTable(checks),
        units.length === 0
          ? 'No unit waits for proof.'
          : table(
              ['DEVICE', 'SLOT', 'VERDICT', 'CODE'],
              units.map((unit) => [unit.device, unit.slot === null ? 'not plugged in' : String(unit.slot), unit.verdict, unit.code ?? '']),
            ),
      ].join('\n\n'),
  );
  return ok ? exitCodes.OK : way ? exitCodes.FAILED : exitCodes.BROKER;
}
