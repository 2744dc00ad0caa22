import { exitCodes } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';

export async function doctor(context: CommandContext): Promise<number> {
  const station = context.start({ broker: true, line: 'off' });
  const findings = await station.call('doctor.run', {});
  const ok = findings.every((finding) => finding.ok);
  context.output.result({ findings }, () =>
    findings
      .map((finding) =>
        [
          `${finding.ok ? 'ok  ' : 'FAIL'} ${String(finding.invariant)} ${finding.title} (${String(finding.checked)} checked)`,
          ...finding.problems.map((problem) => `       ${problem}`),
        ].join('\n'),
      )
      .join('\n'),
  );
  return ok ? exitCodes.OK : exitCodes.FAILED;
}
