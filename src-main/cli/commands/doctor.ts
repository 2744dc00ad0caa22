import { exitCodes } from '../../contract/index.ts';
import type { Command } from '../command.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'check the promises of the station: runs and certificates, CRLs, secrets, audit log, canaries',
  options: {},
  async run(context) {
    const station = context.start({ broker: true, line: 'off' });
    const findings = await station.call('doctor.run', {});
    const ok = findings.every((finding) => finding.ok);
    context.output.result({ verdict: ok ? 'PASS' : 'FAIL', findings }, () =>
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
  },
};
