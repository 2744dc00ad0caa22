import { config, type z } from 'zod';

type Issue = z.core.$ZodRawIssue;

const types: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  map: 'an object',
  null: 'null',
  undefined: 'left out',
  date: 'a date',
};
const formats: Readonly<Record<string, string>> = {
  datetime: 'a date and time in UTC, for example 2026-03-02T08:00:00.000Z',
  date: 'a date, for example 2026-03-02',
  uuid: 'a UUID',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  base64: 'base64',
  url: 'a URL',
  email: 'a mail address',
  json_string: 'JSON',
};
const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
};

const amount = (n: number | bigint, [one, many]: readonly [string, string]): string => `${String(n)} ${Number(n) === 1 ? one : many}`;
const quoted = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : String(value));

function bound(origin: string, word: string, limit: number | bigint): string {
  const unit = units[origin];
  return unit === undefined ? `must be ${word} ${String(limit)}` : `must have ${word} ${amount(limit, unit)}`;
}

/** What is expected, in plain words that follow the name of a field. */
function issueText(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${types[issue.expected] ?? issue.expected}`;
    case 'invalid_value': {
      const [only, ...others] = issue.values;
      if (others.length === 0) return `must be ${quoted(only)}`;
      return `${issue.input === undefined ? 'is missing: it must' : 'must'} be one of ${issue.values.map(quoted).join(', ')}`;
    }
    case 'too_small':
      return bound(issue.origin, issue.exact === true ? 'exactly' : issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.exact === true ? 'exactly' : issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `must be a multiple of ${String(issue.divisor)}`;
    case 'invalid_format':
      if (issue.format === 'starts_with') return `must begin with "${String(issue['prefix'])}"`;
      if (issue.format === 'ends_with') return `must end with "${String(issue['suffix'])}"`;
      if (issue.format === 'regex') return `must have the form ${String(issue['pattern'])}`;
      return `must be ${formats[issue.format] ?? issue.format}`;
    case 'unrecognized_keys':
      return `has ${issue.keys.length === 1 ? 'a field that is' : 'fields that are'} not known here: ${issue.keys.map(quoted).join(', ')}`;
    case 'invalid_union':
      return issue.input === undefined ? 'is missing' : 'has none of the forms that are allowed here';
    case 'invalid_key':
      return 'has a key that is not allowed here';
    case 'invalid_element':
      return 'has an entry that is not allowed here';
    default:
      return 'is not allowed here';
  }
}

// Every schema of every process that knows the contract: a message that a schema gives itself comes first.
config({ localeError: issueText });

export interface Problem {
  /** Path of the field, or the name of the whole. */
  readonly field: string;
  /** What is expected of it. */
  readonly problem: string;
}

/** The first thing that does not fit, in plain words. */
export function firstProblem({ issues: [issue] }: z.ZodError, whole: string): Problem {
  if (issue === undefined) return { field: whole, problem: 'does not fit' };
  return { field: issue.path.map(String).join('.') || whole, problem: issue.message };
}
