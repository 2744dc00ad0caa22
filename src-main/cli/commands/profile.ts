import { basename } from 'node:path';
import { exitCodes, type ProfileFinding } from '../../contract/index.ts';
import { besideFile, lintCertificateProfile } from '../../station/ca/index.ts';
import { lintDeviceProfile } from '../../station/devices/index.ts';
import type { CommandContext } from '../context.ts';
import { readText } from '../files.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';

export const listProfiles = (context: CommandContext): Promise<number> => show(context, context.start({ broker: false, line: 'off' }));

/** Both kinds of profiles: the file itself says which it is. */
export async function addProfile(context: CommandContext): Promise<number> {
  const path = context.values.word;
  const text = readText(path);
  const station = context.start({ broker: false, line: 'off' });
  if (isDeviceProfile(text)) await station.call('deviceProfiles.add', { text });
  else await station.call('profiles.add', { text: withAnchors(text, path) });
  return show(context, station);
}

async function show(context: CommandContext, station: StationProcess): Promise<number> {
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

export function lintProfiles(context: CommandContext): Promise<number> {
  const results = context.values.words.map((file) => ({ file, findings: findingsOf(file) }));
  const errors = results.flatMap(({ findings }) => findings).filter(({ level }) => level === 'error').length;
  context.output.result({ files: results }, () =>
    results
      .flatMap(({ file, findings }) => (findings.length === 0 ? [`${file}: good`] : findings.map((one) => lineText(file, one))))
      .join('\n'),
  );
  return Promise.resolve(errors === 0 ? exitCodes.OK : exitCodes.FAILED);
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
