import { evaluate, parse, type MemberNode, type ValueNode } from '@humanwhocodes/momoa';
import type { z } from 'zod';
import type { ProfileFinding } from '../../contract/index.ts';

type Place = Pick<ProfileFinding, 'line' | 'column'>;

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
  let body: ValueNode;
  try {
    body = parse(text, { mode: 'json' }).body;
  } catch (thrown) {
    return { value: null, findings: [syntaxError(thrown)] };
  }
  const findings = duplicates(body);
  const parsed = schema.safeParse(evaluate(body));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      for (const path of paths)
        findings.push({
          ...placeOf(body, path),
          level: 'error',
          problem: `${path.length > 0 ? `${path.join('.')}: ` : ''}${issue.message}`,
        });
    }
  } else for (const [path, problem] of advice(parsed.data)) findings.push({ ...placeOf(body, partsOf(path)), level: 'warning', problem });
  const value = parsed.success
    ? finish(parsed.data, (path, problem) => findings.push({ ...placeOf(body, partsOf(path)), level: 'error', problem }))
    : null;
  findings.sort((a, b) => a.line - b.line || a.column - b.column);
  return { value: findings.some(({ level }) => level === 'error') ? null : value, findings };
}

const partsOf = (path: string): (string | number)[] => path.split('.').map((part) => (/^\d+$/u.test(part) ? Number(part) : part));

function syntaxError(thrown: unknown): ProfileFinding {
  const { message, line = 1, column = 1 } = thrown as { message?: string; line?: number; column?: number };
  return { line, column, level: 'error', problem: `this is not JSON: ${(message ?? 'it cannot be read').replace(/\s*\(\d+:\d+\)$/u, '')}` };
}

/** The second of two equal keys would win without a word. */
function duplicates(node: ValueNode): ProfileFinding[] {
  if (node.type === 'Array') return node.elements.flatMap(({ value }) => duplicates(value));
  if (node.type !== 'Object') return [];
  const seen = new Set<string>();
  return node.members.flatMap(({ name, value }) => {
    const key = name.type === 'String' ? name.value : name.name;
    const twice = seen.has(key);
    seen.add(key);
    const { line, column } = name.loc.start;
    const found: ProfileFinding[] = twice ? [{ line, column, level: 'error', problem: `${key}: stands here twice` }] : [];
    return [...found, ...duplicates(value)];
  });
}

/** The place of the last part of a path that is there. */
function placeOf(node: ValueNode, path: readonly PropertyKey[]): Place {
  let place: Place = { line: node.loc.start.line, column: node.loc.start.column };
  let at: ValueNode | undefined = node;
  for (const key of path) {
    if (at?.type === 'Object') {
      const member: MemberNode | undefined = at.members.findLast(({ name }) => (name.type === 'String' ? name.value : name.name) === key);
      if (member === undefined) break;
      place = { line: member.name.loc.start.line, column: member.name.loc.start.column };
      at = member.value;
    } else if (at?.type === 'Array' && typeof key === 'number') {
      at = at.elements[key]?.value;
      if (at === undefined) break;
      place = { line: at.loc.start.line, column: at.loc.start.column };
    } else break;
  }
  return place;
}
