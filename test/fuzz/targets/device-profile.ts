import { readdirSync, readFileSync } from 'node:fs';
import { lintDeviceProfile } from '../../../src-main/station/devices/index.ts';
import { mutateText } from '../mutate/text.ts';
import type { FuzzTarget } from '../target.ts';
import { placesOf } from '../places.ts';

const folder = new URL('../../../resources/profiles/devices/', import.meta.url).pathname;
const shipped = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json'));

/** Device profiles with dialogues and patterns, as makers of devices write them. */
export const deviceProfile: FuzzTarget = {
  name: 'device-profile',
  rounds: 150,
  seeds: () => shipped.map((name) => readFileSync(`${folder}${name}`)),
  mutate: mutateText([
    '"driver"',
    '"expect"',
    '"send"',
    '"sendBlob"',
    '"retry"',
    '"if"',
    '(a+)+$',
    '(?<x>.*)*',
    '[^',
    '{1,9999}',
    '${csr}',
    '${',
    '{',
    '[',
    ',',
    '"__proto__": {}',
  ]),
  feed: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const { profile, findings } = lintDeviceProfile(text);
    return placesOf(text, profile !== null, findings);
  },
};
