import type { z } from 'zod';
import type { ProfileFinding } from '../../contract/index.ts';
import { inOrder, readProfileText } from '../profile-text/index.ts';

/** What a linter says where a file is sound: things that should be thought about, each with the path of what it is about. */
export type Advice<T> = (value: T) => readonly (readonly [path: string, problem: string])[];

/** Takes what is wrong at a path that the schema cannot see. */
export type Wrong = (path: string, problem: string) => void;

/** All that is wrong with a JSON file by its schema, each with its place; and, where nothing is, the advice. First line first. */
export function lintJson<T>(
  text: string,
  schema: z.ZodType<T>,
  advice: Advice<T>,
  finish: (value: T, wrong: Wrong) => T = (value) => value,
): { value: T | null; findings: ProfileFinding[] } {
  const { value: read, findings, at } = readProfileText(text, schema);
  if (read === null) return { value: null, findings: inOrder(findings) };
  for (const [path, problem] of advice(read)) findings.push(at(partsOf(path), 'warning', problem));
  const value = finish(read, (path, problem) => findings.push(at(partsOf(path), 'error', problem)));
  return { value: findings.some(({ level }) => level === 'error') ? null : value, findings: inOrder(findings) };
}

const partsOf = (path: string): (string | number)[] => path.split('.').map((part) => (/^\d+$/u.test(part) ? Number(part) : part));
