import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ceremonyFileSchema, lintCeremonyFile } from '../../../src-main/station/ceremony/index.ts';

const shipped = (name: string): string => readFileSync(`resources/ceremony/${name}`, 'utf8');

test('the shipped JSON Schema says what the code says, and the shipped examples fit it', () => {
  expect(JSON.parse(shipped('ceremony.schema.json'))).toEqual(ceremonyFileSchema());
  for (const name of ['rollover.json', 'customer-root.json']) {
    const { file, findings } = lintCeremonyFile(shipped(name));
    expect(file, name).not.toBeNull();
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
  }
});

test.each([
  ['an unknown key', '"officers": 2', '"officer": 2', 7, /officer/u],
  ['a kind of key that no CA may have', '"ec-p384"', '"rsa-2048"', 10, /algorithm/u],
  ['two officers of one name', '"Ben"', '"Olga"', 17, /2 different names/u],
  ['a role twice', '"role": "server"', '"role": "issuing"', 11, /twice/u],
])('%s is told with its line', (_, from, to, line, problem) => {
  const { file, findings } = lintCeremonyFile(shipped('customer-root.json').replace(from, to));
  expect(file).toBeNull();
  expect(
    findings.some((finding) => finding.line >= line - 2 && problem.test(finding.problem)),
    JSON.stringify(findings),
  ).toBe(true);
});
