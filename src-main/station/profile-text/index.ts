import { evaluate, parse, type MemberNode, type ValueNode } from '@humanwhocodes/momoa';
import type { z } from 'zod';
import type { ProfileFinding } from '../../contract/index.ts';

/** A file of JSON that people write: what is in it, or what is wrong with it and where. */
export interface ProfileText<T> {
  /** Null when it does not fit its schema. */
  readonly value: T | null;
  readonly findings: ProfileFinding[];
  /** A finding at a path of keys and indices, or at the last part of it that is there. */
  readonly at: (path: readonly PropertyKey[], level: ProfileFinding['level'], problem: string) => ProfileFinding;
}

export function readProfileText<T>(text: string, schema: z.ZodType<T>): ProfileText<T> {
  let body: ValueNode;
  try {
    body = parse(text, { mode: 'json' }).body;
  } catch (thrown) {
    return { value: null, findings: [syntaxError(thrown)], at: (_, level, problem) => ({ line: 1, column: 1, level, problem }) };
  }
  const at = (path: readonly PropertyKey[], level: ProfileFinding['level'], problem: string): ProfileFinding => ({
    ...placeOf(body, path),
    level,
    problem,
  });
  const findings = duplicates(body);
  const parsed = schema.safeParse(evaluate(body));
  if (!parsed.success)
    for (const { path, message } of parsed.error.issues.flatMap((issue) => flat(issue, [])))
      findings.push(at(path, 'error', `${path.length > 0 ? path.join('.') : 'the file'}: ${message}`));
  return { value: parsed.data ?? null, findings, at };
}

/** First line first. */
export const inOrder = (findings: readonly ProfileFinding[]): ProfileFinding[] =>
  [...findings].sort((a, b) => a.line - b.line || a.column - b.column);

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** One problem for each key; of alternatives, those of the one that was most likely meant. */
function flat(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], message: 'is not known here' }));
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ path, message: issue.message }];
  const unknown = issue.errors.map((issues) =>
    issues.flatMap((one) => (one.code === 'unrecognized_keys' && one.path.length === 0 ? one.keys : [])),
  );
  const everywhere = unknown[0]?.find((key) => unknown.every((keys) => keys.includes(key)));
  if (everywhere !== undefined) return [{ path: [...path, everywhere], message: 'is not known here' }];
  const depth = (issues: readonly z.core.$ZodIssue[]): number => Math.max(...issues.map((one) => one.path.length));
  const [meant = []] = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length);
  return meant.flatMap((one) => flat(one, path));
}

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
function placeOf(node: ValueNode, path: readonly PropertyKey[]): Pick<ProfileFinding, 'line' | 'column'> {
  let place = { line: node.loc.start.line, column: node.loc.start.column };
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
