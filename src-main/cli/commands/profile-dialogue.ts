import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, Failure } from '../../contract/index.ts';
import { parseTranscript, replayTranscript } from '../../station/devices/index.ts';
import type { CommandContext } from '../context.ts';
import { readText, writeGivenFile } from '../files.ts';
import { table } from '../output.ts';
import { readDeviceProfile } from '../profile-files.ts';
import { resourcesDir } from '../station-process.ts';

/** A profile that can be checked at once, with a question at every place that is the device’s own. */
const skeleton = (name: string, schema: string): unknown => ({
  $schema: schema,
  name,
  driver: 'console',
  summary: 'What kind of units this is for',
  manual: [{ title: 'The manual with the commands below', version: '1.0' }],
  unconfirmed: ['Nobody has tried this profile on hardware yet.'],
  key: 'device',
  keyAlgorithm: 'ec-p256',
  baudRate: 115200,
  lineEnd: 'crlf',
  echo: 'on',
  prompts: [],
  unsolicited: [],
  errors: [{ match: 'ERROR.*', failure: 'DEVICE_REFUSED' }],
  identify: [{ send: 'ID?', expect: { ok: 'OK', captures: [{ match: 'id=(?<hardwareId>\\w+)' }] } }],
  generateKey: [
    { send: 'KEYGEN', expect: { ok: 'OK', captures: [{ match: 'csr=(?<request>[A-Za-z0-9+/=]+)' }], timeoutMs: 30000 } },
    { set: { csr: { of: '${request}', decode: 'base64' } } },
  ],
  install: [
    {
      item: 'certificate',
      source: 'certificate-chain',
      encoding: 'pem',
      eol: 'lf',
      write: [{ sendBlob: { source: 'certificate', encoding: 'base64', chunk: 48, before: 'CERT+ ', eol: 'crlf', expect: { ok: 'OK' } } }],
      readBack: {
        steps: [{ send: 'CERT?', expect: { ok: 'OK', captures: [{ match: 'sha256=(?<stored>[0-9a-fA-F]{64})', optional: true }] } }],
        digest: '${stored}',
        form: 'sha256-hex',
      },
    },
  ],
});

/** INVALID_INPUT when there is such a file, or no such profile to begin with. */
export function newProfile(context: CommandContext): Promise<number> {
  const name = context.values.word;
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/u.test(name))
    throw new Failure('INVALID_INPUT', { field: 'NAME', problem: 'a name has small letters, digits and hyphens' });
  const file = `${name}.json`;
  const folder = join(resourcesDir, 'profiles', 'devices');
  const schema = join(folder, 'device-profile.schema.json');
  const from = context.values.text('from');
  const profile = from === undefined ? skeleton(name, schema) : copyOf(folder, from, name, schema);
  writeGivenFile(file, `${JSON.stringify(profile, null, 2)}\n`, { flag: 'wx' });
  context.output.result({ file }, () => `${file}: change it for your device, then birthmark profiles lint ${file}`);
  return Promise.resolve(exitCodes.OK);
}

function copyOf(folder: string, from: string, name: string, schema: string): unknown {
  const path = join(folder, `${from}.json`);
  if (!/^[a-z0-9-]+$/u.test(from) || !existsSync(path)) throw new Failure('NOT_FOUND', { kind: 'device profile', id: from });
  return { ...(JSON.parse(readText(path)) as object), $schema: schema, name };
}

export async function dryRun(context: CommandContext): Promise<number> {
  const profile = readDeviceProfile(context.values.word);
  if (profile.driver !== 'console')
    throw new Failure('INVALID_INPUT', {
      field: 'FILE',
      problem: `only a dialogue of the console driver can be played, not ${profile.driver}`,
    });
  const played = await replayTranscript(profile, parseTranscript(readText(context.values.needed('transcript'))));
  const same = played.every(({ difference }) => difference === null);
  context.output.result({ sections: played }, () =>
    table(
      ['LINE', 'SECTION', 'THEN', 'NOW', 'DIFFERENCE'],
      played.map((one) => [String(one.line), one.section, one.recorded, one.replayed, one.difference ?? '-']),
    ),
  );
  return same ? exitCodes.OK : exitCodes.FAILED;
}
