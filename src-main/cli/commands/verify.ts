import { exitCodes } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';
import { stepsTable } from './verify-text.ts';

export async function verify(context: CommandContext): Promise<number> {
  const station = context.start({ broker: true, line: context.values.flag('broker') ? 'off' : 'watch' });
  const checks = await station.call('verify.broker', {});
  const way = checks.every((check) => check.result !== 'FAIL');
  const units = context.values.flag('broker') ? [] : await station.call('verify.outstanding', {});
  const passed = units.filter((unit) => unit.verdict === 'PASS').length;
  const ok = way && passed === units.length;
  context.output.result({ units, broker: checks, totals: { units: units.length, passed, left: units.length - passed } }, () =>
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
