import { Failure } from '../../../contract/index.ts';
import type { TranscriptLine } from '../driver.ts';
import { transcriptSent } from '../transcript.ts';
import { UnitSecrets } from '../unit-secrets.ts';
import { Dialogue } from './dialogue.ts';
import { toldDigest, wholeValue, type Item } from './items.ts';
import { sections, type ConsoleProfile, type Section } from './profile.ts';
import { Script } from './script.ts';
import { identityOf, keyRequestOf, resultFingerprint, selfTestOf, signatureOf } from './sections.ts';
import type { Step } from './steps.ts';
import type { DialogueTime } from './time.ts';
import { Values } from './values.ts';

/** How one section of a recorded transcript went when the profile played it again. */
export interface ReplayedSection {
  readonly section: string;
  /** Number of the transcript’s line where it begins, from 1. */
  readonly line: number;
  /** How it ended then and now: `ok`, or the code of a failure. */
  readonly recorded: string;
  readonly replayed: string;
  /** What is different, with the line of the transcript; null when nothing is. */
  readonly difference: string | null;
}

interface Segment {
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly recorded: string;
  /** Fingerprint of what came of it; null in a transcript without one. */
  readonly result: string | null;
  /** Index of its first and of the line after its last. */
  readonly from: number;
  readonly to: number;
}

/** Raised where a profile sends something else than was sent when the transcript was recorded. */
class Differs extends Error {}

/**
 * Plays the dialogue of a transcript again, with the profile on one side and what the unit said then on the other. Nothing takes time, nothing is sent.
 * @throws Failure INVALID_INPUT for a transcript without any section.
 */
export async function replayTranscript(profile: ConsoleProfile, lines: readonly TranscriptLine[]): Promise<ReplayedSection[]> {
  const found = segmentsOf(lines);
  if (found.length === 0)
    throw new Failure('INVALID_INPUT', {
      field: 'transcript',
      problem: 'there is no section in it: a note “begin NAME” begins one, “end NAME” ends it',
    });
  const values = replayValues(profile);
  const replay = new Replay(profile, lines, values);
  const played: ReplayedSection[] = [];
  for (const segment of found) played.push(await replay.play(segment));
  return played;
}

/** Secrets are hidden in the transcript and here: their value does not matter. */
function replayValues({ variables }: ConsoleProfile): Values {
  const values = new Values(new UnitSecrets());
  for (const [name, variable] of Object.entries(variables)) {
    if (typeof variable === 'string') values.set(name, variable);
    else values.setSecret(name, 'value' in variable ? variable.value : 'a-secret-from-a-file');
  }
  for (const name of ['hardwareId', 'model', 'firmware', 'locked', 'provisioned']) values.set(name, '');
  return values;
}

function segmentsOf(lines: readonly TranscriptLine[]): Segment[] {
  const segments: Segment[] = [];
  lines.forEach(({ direction, text }, from) => {
    const begin = direction === 'note' ? /^begin (\S+)(?: (\{.*\}))?$/u.exec(text) : null;
    if (begin === null) return;
    const name = begin[1] ?? '';
    const end = lines.findIndex((line, index) => index > from && line.direction === 'note' && line.text.startsWith(`end ${name}`));
    const to = end < 0 ? lines.length : end;
    const recorded = lines[end]?.text.slice(`end ${name}`.length).trim() ?? '';
    const after = lines[to + 1]?.text ?? '';
    const result = after.startsWith(`result ${name} `) ? after.slice(`result ${name} `.length) : null;
    segments.push({ name, inputs: inputsOf(begin[2]), recorded: recorded === '' ? 'ok' : recorded, result, from, to });
  });
  return segments;
}

function inputsOf(json: string | undefined): Record<string, string> {
  try {
    const parsed: unknown = JSON.parse(json ?? '{}');
    return Object.fromEntries(Object.entries(parsed as object).map(([name, value]) => [name, String(value)]));
  } catch {
    return {};
  }
}

class Replay {
  readonly #profile: ConsoleProfile;
  readonly #lines: readonly TranscriptLine[];
  readonly #values: Values;
  readonly #script: Script;
  readonly #dialogue: Dialogue;
  #at = 0;
  #to = 0;
  #now = 0;
  #answers = 0;
  #silent: (() => void) | null = null;

  constructor(profile: ConsoleProfile, lines: readonly TranscriptLine[], values: Values) {
    this.#profile = profile;
    this.#lines = lines;
    this.#values = values;
    const time: DialogueTime = {
      now: () => this.#now,
      deadline: (_, onPassed) => this.#whenSilent(onPassed),
      pause: (ms) => {
        this.#now += ms;
        return Promise.resolve();
      },
    };
    this.#dialogue = new Dialogue({ path: 'transcript', write: () => this.#answer() }, profile, () => undefined, time);
    const place = {
      dialogue: this.#dialogue,
      values,
      lineEnd: profile.lineEnd,
      path: 'transcript',
      onSent: (text: string) => this.#sent(text),
    };
    this.#script = new Script(place, profile.echo);
  }

  async play({ name, inputs, recorded, result: came, from, to }: Segment): Promise<ReplayedSection> {
    const result = (replayed: string, difference: string | null): ReplayedSection => ({
      section: name,
      line: from + 1,
      recorded,
      replayed,
      difference: difference ?? (replayed === recorded ? null : `it ended with ${recorded} then, and with ${replayed} now`),
    });
    this.#at = from + 1;
    this.#to = to;
    const steps = this.#stepsOf(name);
    if (steps === null) return result('missing', 'the profile has no such section');
    this.#values.setAll(inputs);
    try {
      await this.#answer();
      await this.#script.run({ steps, items: this.#items(name, inputs), signal: new AbortController().signal });
      const rest = this.#nextSent();
      return result(
        'ok',
        rest === null
          ? this.#resultDiffers(name, came)
          : this.#where(rest, `the profile is done, and then ${quoted(rest.line.text)} was sent`),
      );
    } catch (thrown) {
      if (thrown instanceof Differs) return result('differs', thrown.message);
      if (thrown instanceof Failure)
        return result(
          thrown.code,
          recorded === thrown.code ? null : `${thrown.code} (${thrown.detail ?? thrown.message}) instead of ${recorded}`,
        );
      throw thrown;
    }
  }

  #stepsOf(name: string): readonly Step[] | null {
    const [kind, item] = name.split(':');
    if (item === undefined) return sections.includes(name as Section) ? (this.#profile[name as Section] ?? null) : null;
    const spec = this.#profile.install.find((one) => one.item === item);
    if (kind === 'write') return spec?.write ?? null;
    return kind === 'readBack' ? (spec?.readBack?.steps ?? null) : null;
  }

  /** Items as large as they were; their bytes are not in the transcript. */
  #items(name: string, { sentBytes = '0' }: Readonly<Record<string, string>>): Map<string, Item> {
    const own = name.split(':')[1];
    const empty = Buffer.alloc(0);
    return new Map(
      this.#profile.install.map((spec) => {
        const sent = spec.item === own ? Buffer.alloc(Math.min(Number(sentBytes) || 0, 1024 * 1024)) : empty;
        return [spec.item, { spec, sent, stored: empty, der: empty, secret: spec.source === 'key' }];
      }),
    );
  }

  /** The same must come of what the unit said then; without a fingerprint of that, at least something usable. */
  #resultDiffers(name: string, came: string | null): string | null {
    const evaluate = this.#evaluation(name);
    if (evaluate === null) return null;
    const now = resultFingerprint(evaluate, (text) => this.#values.hide(text));
    const fails = /^[A-Z_]+$/u.test(now);
    if (came === null) return fails ? `what the unit told comes to ${now}` : null;
    if (came === now) return null;
    return fails ? `what the unit told comes to ${now} now` : 'what the unit told comes to something else than it did then';
  }

  #evaluation(name: string): (() => unknown) | null {
    const values = this.#values;
    switch (name) {
      case 'identify':
        return () => identityOf(values, 'transcript');
      case 'generateKey':
        return () => keyRequestOf(this.#profile, values, 'transcript');
      case 'possession':
        return () => signatureOf(values, 'transcript');
      case 'selfTest':
        return () => selfTestOf(values);
      default: {
        const [kind, item] = name.split(':');
        const spec = kind === 'readBack' ? this.#profile.install.find((one) => one.item === item) : undefined;
        const readBack = spec?.readBack;
        // The content of a key is not in the transcript.
        if (readBack === undefined || (spec?.source === 'key' && readBack.form.startsWith('content'))) return null;
        return () => this.#digest(readBack);
      }
    }
  }

  /** @throws Failure UNVERIFIABLE for what is no digest of the profile’s form. */
  #digest(readBack: NonNullable<ConsoleProfile['install'][number]['readBack']>): string | null {
    const told = wholeValue(readBack.digest, this.#values);
    const digest = toldDigest(readBack, told);
    if (digest === null && told.length > 0) throw new Failure('UNVERIFIABLE', { item: readBack.form });
    return digest;
  }

  #sent(text: string): void {
    const next = this.#nextSent();
    const now = transcriptSent(text);
    if (next === null) throw new Differs(`line ${String(this.#to + 1)}: the profile sends ${quoted(now)}, where nothing more was sent`);
    if (next.line.text !== now)
      throw new Differs(this.#where(next, `the profile sends ${quoted(now)}, where ${quoted(next.line.text)} was sent`));
    this.#at = next.index + 1;
  }

  #nextSent(): { readonly line: TranscriptLine; readonly index: number } | null {
    for (let index = this.#at; index < this.#to; index++) {
      const line = this.#lines[index];
      if (line?.direction === 'to-unit') return { line, index };
    }
    return null;
  }

  #where({ index }: { readonly index: number }, problem: string): string {
    return `line ${String(index + 1)}: ${problem}`;
  }

  /** Gives what the unit said next; then there is silence. */
  #answer(): Promise<void> {
    const said: TranscriptLine[] = [];
    for (; this.#at < this.#to && this.#lines[this.#at]?.direction !== 'to-unit'; this.#at++) {
      const line = this.#lines[this.#at];
      if (line?.direction === 'from-unit') said.push(line);
    }
    const answer = ++this.#answers;
    setImmediate(() => {
      for (const { text, part } of said)
        this.#dialogue.receive(
          part === 'bytes' ? Buffer.from(text, 'base64') : Buffer.from(part === 'prompt' ? text : `${text.replace(/^log: /u, '')}\n`),
        );
      setImmediate(() => {
        // Something else was sent meanwhile: its answer is still to come.
        if (answer === this.#answers) this.#silent?.();
      });
    });
    return Promise.resolve();
  }

  #whenSilent(onPassed: () => void): () => void {
    const passed = (): void => {
      this.#silent = null;
      onPassed();
    };
    this.#silent = passed;
    return () => {
      if (this.#silent === passed) this.#silent = null;
    };
  }
}

const quoted = (text: string): string => `“${text.length > 80 ? `${text.slice(0, 80)}…` : text}”`;
