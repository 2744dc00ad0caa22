import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { optionsOf } from '../../../src-main/cli/grammar/options.ts';
import { commands } from '../../../src-main/cli/grammar/table.ts';
import { marksOf, stepText, type Mark } from '../../../src-main/contract/catalogue/step.ts';
import { catalogue, type ErrorCode } from '../../../src-main/contract/index.ts';
import { en } from '../../../src-renderer/i18n/en.ts';
import { problemOfCommand } from '../../support/command-line.ts';

const root = join(import.meta.dirname, '../../..');
const entries = Object.entries(catalogue) as [ErrorCode, (typeof catalogue)[ErrorCode]][];
const texts: readonly string[] = Object.values(en);
const optionNames = new Set(commands.flatMap((command) => Object.keys(optionsOf(command))));

/** Every name of a field in a JSON schema. */
const fieldsIn = (schema: unknown): string[] =>
  typeof schema !== 'object' || schema === null
    ? []
    : Object.entries(schema).flatMap(([key, value]) => [...(key === 'properties' ? Object.keys(value as object) : []), ...fieldsIn(value)]);
const schemas = ['devices/device-profile', 'certificates/certificate-profile'].map((name): unknown =>
  JSON.parse(readFileSync(join(root, `resources/profiles/${name}.schema.json`), 'utf8')),
);
const settings = new Set(schemas.flatMap(fieldsIn));

/** Why a person cannot do what a step sends them to; null when they can. */
function problemOf({ kind, name }: Mark): string | null {
  switch (kind) {
    case 'command':
      return problemOfCommand(name.replace(/\{\w+\}/gu, 'value').split(' '));
    case 'screen': {
      const absent = name.split(' › ').filter((part) => !texts.includes(part));
      return absent.length === 0 ? null : `no screen says ${absent.join(', ')}`;
    }
    case 'setting':
      return settings.has(name) ? null : `no profile has the field ${name}`;
    case 'file':
      return existsSync(join(root, name)) ? null : `there is no file ${name}`;
    case 'document': {
      const [path = '', heading = ''] = name.split('#');
      if (!existsSync(join(root, path))) return `there is no document ${path}`;
      const headings = readFileSync(join(root, path), 'utf8')
        .split('\n')
        .map((line) => line.replace(/^#+ /u, ''));
      return headings.includes(heading) ? null : `${path} has no heading “${heading}”`;
    }
  }
}

describe('what a failure advises can be carried out', () => {
  test.each(entries)('%s sends officers, and nobody else, to Security', (_, { steps, who }) => {
    const securitySteps = steps.filter((step) => marksOf(step).some(({ name }) => name.startsWith('Security ›')));
    expect(securitySteps.length === 0 || who === 'officer').toBe(true);
  });

  test.each(entries)('%s', (_, { steps }) => {
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      expect(marksOf(step).map(problemOf)).toEqual(marksOf(step).map(() => null));
      // A bracket that is left is a mark of no kind; a command outside of a mark is not checked.
      const shown = stepText(step);
      const plain = step.replace(/\[[^\]]*\]/gu, '');
      expect(shown).not.toMatch(/[[\]]/u);
      expect(plain).not.toMatch(/birthmark [a-z-]/u);
      const named = [...plain.replace(/(?:migrate\.sh|pkcs11-tool) --[a-z-]+/u, '').matchAll(/--([a-z][a-z-]+)/gu)].map(
        ([, option = '']) => option,
      );
      expect(named.filter((option) => !optionNames.has(option))).toEqual([]);
    }
  });

  test.each([
    [{ kind: 'command', name: 'crl pubish' }],
    [{ kind: 'command', name: 'crl publish --abov 1' }],
    [{ kind: 'command', name: 'ceremony start' }],
    [{ kind: 'command', name: 'renew' }],
    [{ kind: 'screen', name: 'Security › Publish CRL' }],
    [{ kind: 'document', name: 'docs/tokens.md#Restore' }],
    [{ kind: 'document', name: 'docs/runbook.md#PIN' }],
    [{ kind: 'file', name: 'resources/udev/60.rules' }],
    [{ kind: 'setting', name: 'brokerPort' }],
  ] as const)('and what does not exist is found: $kind $name', (mark) => {
    expect(problemOf(mark)).not.toBeNull();
  });
});

test('a step reads as a sentence', () => {
  expect(stepText('Open one: [screen: Security › Open signing session].')).toBe('Open one: Security › Open signing session.');
  expect(stepText('Run [command: crl publish --above {there}] ([document: docs/tokens.md#PIN]).')).toBe(
    'Run “birthmark crl publish --above {there}” (docs/tokens.md, “PIN”).',
  );
});
