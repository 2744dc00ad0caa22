import { readdirSync, readFileSync } from 'node:fs';
import { commonNameFor, lintCertificateProfile, signingProfile } from '../../../src-main/station/ca/index.ts';
import { mutateText } from '../mutate/text.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

const folder = new URL('../../../resources/profiles/certificates/', import.meta.url).pathname;
const shipped = readdirSync(folder).filter((name) => name.endsWith('.json'));

/** Certificate profiles as officers write them. The linter finds a place for all that is wrong, and what it lets through can be used. */
export const certificateProfile: FuzzTarget = {
  name: 'profile',
  seeds: () => shipped.map((name) => readFileSync(`${folder}${name}`)),
  mutate: mutateText([
    '"name"',
    '"use"',
    '"commonName"',
    '{tenant}/{device}',
    '{device}',
    '{{',
    '(.*)+$',
    '"keyAlgorithms"',
    '"ec-p256"',
    '[',
    '{',
    ',',
    '"validityDays": 3650',
    '/*',
    '//',
    '1e3',
    '"__proto__": {}',
  ]),
  feed: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const { profile, findings } = lintCertificateProfile(text);
    const lines = text.split(/\r\n|[\n\r\u2028\u2029]/u).length;
    for (const { line, column, problem } of findings)
      if (line < 1 || line > lines + 1 || column < 1 || problem === '')
        throw new Broken(`a finding at ${line}:${column} of ${lines} lines: “${problem}”`);
    if (profile === null) {
      if (findings.length === 0) throw new Broken('refused without a finding');
      return findings.map(({ problem }) => problem).join(' · ');
    }
    const words = refusedBy(
      /^ID_INVALID$/u,
      () => commonNameFor(profile, { tenant: 'a', device: 'b', name: 'c', host: 'd' }),
      () => 'named',
    );
    if (
      words === 'named' &&
      !new RegExp(`^(?:${signingProfile(profile).commonName})$`, 'u').test(
        commonNameFor(profile, { tenant: 'a', device: 'b', name: 'c', host: 'd' }),
      )
    )
      throw new Broken('a common name that the signer would refuse');
    return `used, ${words}, ${findings.map(({ problem }) => problem).join(' · ')}`;
  },
};
