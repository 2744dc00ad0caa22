import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import importRules from '../../../.dependency-cruiser.cjs';
import { packages as debianPackages } from '../../../scripts/setup/system.mjs';

const page = readFileSync('docs/dependencies.md', 'utf8');
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string> | undefined>;
const namesIn = (...fields: string[]): string[] => fields.flatMap((field) => Object.keys(manifest[field] ?? {}));

interface Rule {
  readonly from: { readonly path?: string | readonly string[] };
  readonly to: { readonly path?: string | readonly string[] };
}
const rules = importRules.allowed as readonly Rule[];
const isText = (path: Rule['from']['path']): path is string => typeof path === 'string';

/** `^src-main/station/registry/` → `station/registry`; whatever lies beside the folders is built or run by `scripts`. */
const partName = (path: string): string => (path.startsWith('^(scripts/') ? 'scripts' : path.replace(/^\^(?:src-(?:main\/)?)?|\/$/gu, ''));

/** The parts that may import a package; a package without a rule is run, not imported. */
function importers(name: string): string {
  const rule = rules.find(({ to }) => isText(to.path) && to.path === `node_modules/(@types/)?${name}/`);
  const paths = rule === undefined ? [] : [rule.from.path ?? []].flat();
  return paths.length === 0 ? 'nobody: a tool' : [...new Set(paths.map(partName))].sort().join(', ');
}

const debianUse = { base: 'the station', electron: 'the window', tests: 'tests' };
const debian = new Map(
  (['base', 'electron', 'tests'] as const).flatMap((group) =>
    debianPackages[group].map(([[name = '']]) => [name, debianUse[group]] as const),
  ),
);

interface Row {
  readonly names: readonly string[];
  readonly why: string;
  readonly section: string;
}
const rowPattern = /^\| (?!package |---)([^|]+) \| ([^|]+) \|.*\|$/u;

const rows: readonly Row[] = page.split(/^## /mu).flatMap((section) =>
  section.split('\n').flatMap((line) => {
    const [, names, why] = rowPattern.exec(line) ?? [];
    return names === undefined || why === undefined ? [] : [{ names: names.split(', '), why, section: section.split('\n', 1)[0] ?? '' }];
  }),
);
const listed = (section: string): string[] => rows.filter((row) => row.section === section).flatMap(({ names }) => names);

test.each([
  ['In the product', namesIn('dependencies')],
  [
    'To build, run and check it',
    [...namesIn('devDependencies', 'optionalDependencies').filter((name) => !name.startsWith('@types/')), '@types/…'],
  ],
  ['From Debian', [...debian.keys()]],
])('“%s” has each package once, and nothing else', (section, names) => {
  expect(listed(section).toSorted()).toEqual(names.toSorted());
});

test('a row names packages of one place only', () => {
  const mixed = rows.filter(({ names }) => new Set(names.map((name) => debian.get(name) ?? importers(name))).size > 1);
  expect(mixed.map(({ names }) => names)).toEqual([]);
});

test('the last column says what the import rules and the set-up say', async () => {
  const written = page.replace(new RegExp(rowPattern, 'gmu'), (_line, names: string, why: string) => {
    const [name = ''] = names.split(', ');
    return `| ${names} | ${why} | ${name === '@types/…' ? '' : (debian.get(name) ?? importers(name))} |`.replace('|  |', '| |');
  });
  await expect(written).toMatchFileSnapshot('../../../docs/dependencies.md');
});
