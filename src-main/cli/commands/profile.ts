import { basename } from 'node:path';
import { exitCodes, type ProfileFinding } from '../../contract/index.ts';
import { besideFile, lintCertificateProfile } from '../../station/ca/index.ts';
import { lintDeviceProfile } from '../../station/devices/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { readText } from '../files.ts';
import { table } from '../output.ts';
import { dryRun, newProfile } from './profile-dialogue.ts';
import { tryProfile } from './profile-try.ts';

/** Both kinds of profiles: the file itself says which it is. */
export const profile: Command = {
  name: 'profile',
  summary: 'certificate and device profiles: list, make, check with line numbers, play a transcript, try on a unit, keep',
  actions: {
    list: { argument: '', help: 'the profiles that work orders may name' },
    lint: { argument: 'FILE…', help: 'check profiles; needs no station. Exit code 1 when one cannot be used' },
    add: { argument: 'FILE', help: 'check a profile and keep it with the station' },
    new: { argument: 'NAME', help: 'begin a device profile: writes NAME.json here' },
    'dry-run': {
      argument: 'FILE',
      help: 'play a recorded transcript against a device profile; sends nothing. Exit code 1 when it differs',
    },
    try: { argument: 'FILE', help: 'try a device profile on the unit at a port: identify it; with --write everything, by a throw-away CA' },
  },
  options: {
    from: { argument: 'NAME', help: 'new: begin with a copy of this shipped profile' },
    transcript: { argument: 'FILE', help: 'dry-run: what to play; try: where to write what was said' },
    port: { argument: 'PATH', help: 'try: serial port of the unit' },
    write: { help: 'try: also make the key, write, read back and prove; the unit is erased afterwards where the profile says how' },
  },
  run(context) {
    const [action, ...given] = context.action;
    switch (action) {
      case 'lint':
        return Promise.resolve(lintFiles(context, given));
      case 'new':
        return Promise.resolve(newProfile(context, given[0] ?? ''));
      case 'dry-run':
        return dryRun(context, given[0] ?? '');
      case 'try':
        return tryProfile(context, given[0] ?? '');
      default:
        return list(context, action === 'add' ? (given[0] ?? null) : null);
    }
  },
};

async function list(context: CommandContext, add: string | null): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  if (add !== null) {
    const text = readText(add);
    if (isDeviceProfile(text)) await station.call('deviceProfiles.add', { text });
    else await station.call('profiles.add', { text: withAnchors(text, add) });
  }
  const profiles = await station.call('profiles.list', {});
  const devices = await station.call('deviceProfiles.list', {});
  context.output.result({ profiles, devices }, () =>
    [
      table(
        ['CERTIFICATES', 'OWN', 'KEYS', 'DAYS', 'AT MOST', 'COMMON NAME'],
        profiles.map((one) => [
          one.name,
          one.own ? 'yes' : 'no',
          one.keyAlgorithms.join(' '),
          String(one.validityDays),
          String(one.maxValidityDays),
          one.commonName,
        ]),
      ),
      table(
        ['DEVICES', 'OWN', 'DRIVER', 'KEY', 'MADE BY', 'FOR'],
        devices.map((one) => [one.name, one.own ? 'yes' : 'no', one.driver, one.keyAlgorithm, one.key, one.summary ?? '']),
      ),
    ].join('\n\n'),
  );
  return exitCodes.OK;
}

function lintFiles(context: CommandContext, files: readonly string[]): number {
  const results = files.map((file) => ({ file, findings: findingsOf(file) }));
  const errors = results.flatMap(({ findings }) => findings).filter(({ level }) => level === 'error').length;
  context.output.result({ verdict: errors === 0 ? 'PASS' : 'FAIL', files: results }, () =>
    results
      .flatMap(({ file, findings }) => (findings.length === 0 ? [`${file}: good`] : findings.map((one) => lineText(file, one))))
      .join('\n'),
  );
  return errors === 0 ? exitCodes.OK : exitCodes.FAILED;
}

function findingsOf(file: string): ProfileFinding[] {
  const text = readText(file);
  return isDeviceProfile(text) ? lintDeviceProfile(text, basename(file)).findings : lintCertificateProfile(text, besideFile(file)).findings;
}

/** With the text of the trust anchors that it names by file: the station keeps no reference to a file of somebody's. */
function withAnchors(text: string, path: string): string {
  const { attestation } = lintCertificateProfile(text, besideFile(path)).profile ?? {};
  return attestation === undefined ? text : `${JSON.stringify({ ...(JSON.parse(text) as object), attestation }, null, 2)}\n`;
}

/** Only device profiles have a driver. What is no JSON is judged as either. */
function isDeviceProfile(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'driver' in parsed;
  } catch {
    return false;
  }
}

/** As compilers write it, so that editors jump to the place. */
const lineText = (file: string, { line, column, level, problem }: ProfileFinding): string =>
  `${file}:${String(line)}:${String(column)}: ${level}: ${problem}`;
