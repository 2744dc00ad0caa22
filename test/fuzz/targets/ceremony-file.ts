import { readFileSync } from 'node:fs';
import { lintCeremonyFile } from '../../../src-main/station/ceremony/index.ts';
import { mutateText } from '../mutate/text.ts';
import type { FuzzTarget } from '../target.ts';
import { placesOf } from '../places.ts';

const folder = new URL('../../../resources/ceremony/', import.meta.url).pathname;

/** Ceremony files as officers write them: what is wrong has a place, and nothing wrong is let through. */
export const ceremonyFile: FuzzTarget = {
  name: 'ceremony-file',
  seeds: () => ['customer-root.json', 'rollover.json'].map((name) => readFileSync(`${folder}${name}`)),
  mutate: mutateText([
    '"role"',
    '"root"',
    '"issuing"',
    '"days": 0',
    '"signedBy"',
    '"customer"',
    '{',
    '[',
    ',',
    '"__proto__": {}',
    '1e9',
    '//',
  ]),
  feed: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const { file, findings } = lintCeremonyFile(text);
    return placesOf(text, file !== null, findings);
  },
};
