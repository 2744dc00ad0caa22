import { readFileSync } from 'node:fs';
import { exitCodes, Failure, type ProfileFinding } from '../../contract/index.ts';
import { besideFile, lintCertificateProfile } from '../../station/ca/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { table } from '../output.ts';

export const profile: Command = {
  name: 'profile',
  summary: 'certificate profiles: list, check with line numbers, add one of your own',
  options: {
    list: { help: 'the profiles that work orders may name (this is also what the command does without an option)' },
    lint: { argument: 'FILE', multiple: true, help: 'check a profile; needs no station. Exit code 1 when it cannot be used' },
    add: { argument: 'FILE', help: 'check a profile and keep it with the station' },
  },
  async run(context) {
    const lint = context.list('lint');
    const add = context.text('add');
    if (lint.length > 0) return lintFiles(context, lint);
    const station = context.start({ broker: false, line: 'off' });
    if (add !== undefined) await station.call('profiles.add', { text: readyProfile('--add', add) });
    const profiles = await station.call('profiles.list', {});
    context.output.result({ profiles }, () =>
      table(
        ['NAME', 'OWN', 'KEYS', 'DAYS', 'AT MOST', 'COMMON NAME'],
        profiles.map((one) => [
          one.name,
          one.own ? 'yes' : 'no',
          one.keyAlgorithms.join(' '),
          String(one.validityDays),
          String(one.maxValidityDays),
          one.commonName,
        ]),
      ),
    );
    return exitCodes.OK;
  },
};

function lintFiles(context: CommandContext, files: readonly string[]): number {
  const results = files.map((file) => ({ file, findings: lintCertificateProfile(readProfile('--lint', file), besideFile(file)).findings }));
  const errors = results.flatMap(({ findings }) => findings).filter(({ level }) => level === 'error').length;
  context.output.result({ verdict: errors === 0 ? 'PASS' : 'FAIL', files: results }, () =>
    results
      .flatMap(({ file, findings }) => (findings.length === 0 ? [`${file}: good`] : findings.map((one) => lineText(file, one))))
      .join('\n'),
  );
  return errors === 0 ? exitCodes.OK : exitCodes.FAILED;
}

/** As compilers write it, so that editors jump to the place. */
const lineText = (file: string, { line, column, level, problem }: ProfileFinding): string =>
  `${file}:${String(line)}:${String(column)}: ${level}: ${problem}`;

/** With the text of the trust anchors that it names by file: the station keeps no reference to a file of somebody's. */
function readyProfile(field: string, path: string): string {
  const text = readProfile(field, path);
  const { attestation } = lintCertificateProfile(text, besideFile(path)).profile ?? {};
  return attestation === undefined ? text : `${JSON.stringify({ ...(JSON.parse(text) as object), attestation }, null, 2)}\n`;
}

function readProfile(field: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new Failure('INVALID_INPUT', { field, problem: `${path} cannot be read` }, thrown);
  }
}
