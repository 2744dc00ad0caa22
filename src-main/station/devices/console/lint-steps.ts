import { Pattern, PatternError } from './pattern/index.ts';
import type { InstallItemSpec } from './profile.ts';
import type { Condition, Expect, ProfileError, SendBlob, Step } from './steps.ts';
import { referencesOf } from './values.ts';

export type Path = readonly (string | number)[];
export type Report = (path: Path, problem: string) => void;

/** What is known at one point of a profile’s steps. */
export interface State {
  readonly known: ReadonlySet<string>;
  /** Of these, what is secret or made of it. */
  readonly secrets: ReadonlySet<string>;
  readonly echo: 'on' | 'off';
  /** False: no run comes here. */
  readonly reachable: boolean;
}

export interface LintContext {
  /** Items that may be sent here. */
  readonly items: ReadonlyMap<string, InstallItemSpec>;
  /** The whole profile names lines that are errors. */
  readonly commonErrors: boolean;
  readonly report: Report;
}

const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

/** Names that a pattern captures; none when it is no pattern, which is reported. */
export function patternNames(source: string, path: Path, report: Report): readonly string[] {
  try {
    return Pattern.of(source).names;
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown;
    report(path, `${thrown.message} (character ${String(thrown.position + 1)} of the pattern)`);
    return [];
  }
}

export function lintErrors(errors: readonly ProfileError[], path: Path, report: Report): void {
  errors.forEach((error, index) => {
    if (typeof error === 'string') patternNames(error, [...path, index], report);
    else patternNames(error.match, [...path, index, 'match'], report);
  });
}

/** Follows every way through the steps; returns what is known after them. */
export function lintSteps(steps: readonly Step[], path: Path, before: State, context: LintContext): State {
  let state = before;
  let told = false;
  steps.forEach((step, index) => {
    if (!state.reachable && before.reachable && !told) {
      context.report([...path, index], 'no run comes here: the steps before it always end otherwise');
      told = true;
    }
    state = lintStep(step, [...path, index], state, context);
  });
  return state;
}

function lintStep(step: Step, path: Path, state: State, context: LintContext): State {
  if ('send' in step) {
    lintText(step.send, [...path, 'send'], state, context);
    lintText(step.times ?? '', [...path, 'times'], state, context);
    lintSecret(step.send, [...path, 'send'], state, context);
    return step.expect === undefined ? state : lintExpect(step.expect, [...path, 'expect'], state, context);
  }
  if ('expect' in step) return lintExpect(step.expect, [...path, 'expect'], state, context);
  if ('sendBlob' in step) return lintBlob(step.sendBlob, [...path, 'sendBlob'], state, context);
  if ('set' in step) {
    const secrets = new Set(state.secrets);
    for (const [name, value] of Object.entries(step.set)) {
      const source = typeof value === 'string' ? value : value.of;
      lintText(source, [...path, 'set', name], state, context);
      if (holdsSecret(source, state)) secrets.add(name);
    }
    return { ...knowing(state, Object.keys(step.set)), secrets };
  }
  if ('assert' in step) {
    lintCondition(step.assert, [...path, 'assert'], state, context);
    return constant(step.assert) === false ? { ...state, reachable: false } : state;
  }
  if ('onAbort' in step) {
    step.onAbort.forEach((sent, index) => {
      lintText(sent.send, [...path, 'onAbort', index, 'send'], state, context);
      lintSecret(sent.send, [...path, 'onAbort', index, 'send'], state, context);
      lintText(sent.times ?? '', [...path, 'onAbort', index, 'times'], state, context);
      // What is sent after a failure has no answer that anybody waits for: an error branch would tell a second failure.
      if (sent.expect !== undefined)
        lintExpect(sent.expect, [...path, 'onAbort', index, 'expect'], state, { ...context, commonErrors: true });
    });
    return state;
  }
  if ('echo' in step) return { ...state, echo: step.echo };
  if ('fail' in step) return { ...state, reachable: false };
  if ('retry' in step) return lintSteps(step.retry.steps, [...path, 'retry', 'steps'], state, context);
  if ('if' in step) return lintIf(step, path, state, context);
  return state;
}

function lintIf(step: Extract<Step, { if: unknown }>, path: Path, state: State, context: LintContext): State {
  lintCondition(step.if, [...path, 'if'], state, context);
  const always = constant(step.if);
  if (always !== null)
    context.report([...path, always ? 'else' : 'then'], `no run comes here: the condition is always ${always ? 'true' : 'false'}`);
  const then = lintSteps(step.then, [...path, 'then'], state, context);
  const other = lintSteps(step.else ?? [], [...path, 'else'], state, context);
  if (!then.reachable) return { ...other, reachable: other.reachable && always !== true };
  if (!other.reachable) return { ...then, reachable: always !== false };
  return {
    known: new Set([...then.known].filter((name) => other.known.has(name))),
    secrets: new Set([...then.secrets, ...other.secrets]),
    echo: then.echo === 'on' || other.echo === 'on' ? 'on' : 'off',
    reachable: true,
  };
}

const knowing = (state: State, names: Iterable<string>): State => ({ ...state, known: new Set([...state.known, ...names]) });

export function lintText(text: string, path: Path, { known }: State, { report }: LintContext): void {
  for (const name of referencesOf(text))
    if (!known.has(name)) report(path, `unknown variable: \${${name}} is not set on every way to here`);
  if (text.split('${').length - 1 > referencesOf(text).length)
    report(path, 'a ${ that is no variable: ${name}, of letters, digits and dots');
}

const SECRET_ECHOED = 'a secret is sent where the unit repeats what it is sent: turn its echo off first, and say so by {"echo": "off"}';

const holdsSecret = (text: string, { secrets }: State): boolean => referencesOf(text).some((name) => secrets.has(name));

function lintSecret(text: string, path: Path, state: State, { report }: LintContext): void {
  if (state.echo === 'on' && holdsSecret(text, state)) report(path, SECRET_ECHOED);
}

function lintCondition({ value, equals, matches }: Condition, path: Path, state: State, context: LintContext): void {
  lintText(value, [...path, 'value'], state, context);
  if (equals !== undefined) lintText(equals, [...path, 'equals'], state, context);
  if (matches !== undefined) patternNames(matches, [...path, 'matches'], context.report);
  if (equals === undefined && matches === undefined) context.report(path, 'a condition needs equals or matches');
}

/** A condition without any variable. */
function constant({ value, equals, matches, not }: Condition): boolean | null {
  if (referencesOf(value + (equals ?? '')).length > 0 || (equals === undefined && matches === undefined)) return null;
  if (matches !== undefined) return null;
  return (value === equals) !== not;
}

function lintExpect(spec: Expect, path: Path, state: State, context: LintContext): State {
  const { report } = context;
  const ends = [...listOf(spec.ok), ...listOf(spec.prompt)];
  const mustBeThere = spec.captures.some((capture) => !('optional' in capture && capture.optional));
  if (ends.length === 0 && !mustBeThere) report(path, 'nothing ends this wait well: it needs ok, prompt or something to capture');
  const names = (key: string, sources: string | readonly string[] | undefined): string[] =>
    listOf(sources).flatMap((source, index) =>
      patternNames(source, Array.isArray(sources) ? [...path, key, index] : [...path, key], report),
    );
  const known = [...names('ok', spec.ok), ...names('prompt', spec.prompt)];
  lintErrors(spec.errors ?? [], [...path, 'errors'], report);
  if ((spec.errors ?? []).length === 0 && !context.commonErrors)
    report(
      path,
      'expect without an error branch: a unit that refuses would only be told by the time-out; name what it says then in errors',
    );
  spec.captures.forEach((capture, index) => {
    const place = [...path, 'captures', index];
    if ('match' in capture) {
      const captured = patternNames(capture.match, [...place, 'match'], report);
      if (captured.length === 0) report([...place, 'match'], 'this captures nothing: it needs a named group, (?<name>…)');
      known.push(...captured);
      return;
    }
    known.push(capture.as);
    if ('begin' in capture) {
      patternNames(capture.begin, [...place, 'begin'], report);
      patternNames(capture.end, [...place, 'end'], report);
    } else {
      patternNames(capture.after, [...place, 'after'], report);
      lintText(capture.bytes, [...place, 'bytes'], state, context);
    }
  });
  return knowing(state, known);
}

function lintBlob(blob: SendBlob, path: Path, state: State, context: LintContext): State {
  const { report } = context;
  const item = context.items.get(blob.source);
  if (item === undefined)
    report(
      [...path, 'source'],
      context.items.size === 0 ? 'items are sent in install only' : `unknown item: ${blob.source} is not one of install`,
    );
  else {
    if (blob.encoding !== undefined && !['base64', 'hex', item.encoding].includes(blob.encoding))
      report([...path, 'encoding'], `the item is ${item.encoding}: what is stored would not be what its digest is taken of`);
    if (item.source === 'key' && state.echo === 'on') report([...path, 'source'], SECRET_ECHOED);
  }
  for (const key of ['before', 'after', 'terminator'] as const) {
    lintText(blob[key] ?? '', [...path, key], state, context);
    lintSecret(blob[key] ?? '', [...path, key], state, context);
  }
  return blob.expect === undefined ? state : lintExpect(blob.expect, [...path, 'expect'], state, context);
}
