import type { ProfileFinding } from '../../src-main/contract/index.ts';
import { Broken } from './target.ts';

/** What a linter said of a text, in words; Broken when a finding has no place in it, or a refusal has no finding. */
export function placesOf(text: string, used: boolean, findings: readonly ProfileFinding[]): string {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/u).length;
  for (const { line, column, problem } of findings)
    if (line < 1 || line > lines + 1 || column < 1 || problem === '')
      throw new Broken(`a finding at ${line}:${column} of ${lines} lines: “${problem}”`);
  const errors = findings.filter(({ level }) => level === 'error');
  if (used !== (errors.length === 0)) throw new Broken(used ? 'used in spite of an error' : 'refused without an error');
  return `${used ? 'used' : 'refused'}, ${findings.map(({ problem }) => problem).join(' · ')}`;
}
