import { Failure } from '../../../contract/index.ts';
import { lineEnds, type Dialogue } from './dialogue.ts';
import type { Item } from './items.ts';
import { profileFailure } from './named-failure.ts';
import { Pattern } from './pattern/index.ts';
import type { Condition, Expect, LineEnd, ProfileFailure, SendBlob, SetValue, Step } from './steps.ts';
import type { Value, Values } from './values.ts';

/** Time that what `onAbort` sends may take in all. */
const ABORT_MS = 2000;
/** The largest item. */
const MAX_BYTES = 64 * 1024;

type SendStep = Extract<Step, { send: string }>;

export interface ScriptPlace {
  readonly dialogue: Dialogue;
  readonly values: Values;
  readonly lineEnd: LineEnd;
  readonly path: string;
  /** Tells the transcript what is sent; nothing of a secret is in it. */
  readonly onSent: (text: string) => void;
}

export interface ScriptTask {
  readonly steps: readonly Step[];
  readonly items: ReadonlyMap<string, Item>;
  readonly signal: AbortSignal;
  /** Before the first byte of a step that writes: what is unfinished on the unit from here on. */
  readonly onWrite?: () => void;
  /** So many bytes of an item were sent. */
  readonly onBytes?: (bytes: number) => void;
}

/** Carries out the steps of a profile, one section at a time. Keeps, from one to the next, whether the unit repeats what it is sent. */
export class Script {
  readonly #place: ScriptPlace;
  #echo: 'on' | 'off';
  #onAbort: readonly SendStep[] = [];

  constructor(place: ScriptPlace, echo: 'on' | 'off') {
    this.#place = place;
    this.#echo = echo;
  }

  /** What is to be sent after a failure or a cancellation is sent here; the first failure is the one to tell. */
  async run(task: ScriptTask): Promise<void> {
    this.#onAbort = [];
    try {
      await this.#steps(task.steps, task);
    } catch (thrown) {
      await this.#abort(task);
      throw thrown;
    }
  }

  async #abort(task: ScriptTask): Promise<void> {
    const steps = this.#onAbort;
    this.#onAbort = [];
    if (steps.length === 0 || this.#place.dialogue.isBroken) return;
    const signal = AbortSignal.timeout(ABORT_MS);
    await this.#steps(steps, { ...task, signal }).catch(() => undefined);
  }

  async #steps(steps: readonly Step[], task: ScriptTask): Promise<void> {
    for (const step of steps) await this.#step(step, task);
  }

  async #step(step: Step, task: ScriptTask): Promise<void> {
    task.signal.throwIfAborted();
    const { values, dialogue } = this.#place;
    if ('send' in step) {
      await this.#send(step, task);
      if (step.expect !== undefined) await this.#expect(step.expect, task);
    } else if ('expect' in step) await this.#expect(step.expect, task);
    else if ('sendBlob' in step) await this.#sendBlob(step.sendBlob, task);
    else if ('set' in step)
      for (const [name, value] of Object.entries(step.set))
        values.setFrom(typeof value === 'string' ? value : value.of, name, this.#value(value));
    else if ('assert' in step) this.#assert(step.assert);
    else if ('quiesce' in step) await dialogue.quiesce(step.quiesce.ms, step.quiesce.withinMs, task.signal);
    else if ('onAbort' in step) this.#onAbort = step.onAbort;
    else if ('echo' in step) this.#setEcho(step.echo);
    else if ('fail' in step) throw this.#failure(step.fail.failure, step.fail.item, step.fail.says ?? 'the profile says so');
    else if ('retry' in step) await this.#retry(step.retry, task);
    else await this.#steps(this.#holds(step.if) ? step.then : (step.else ?? []), task);
  }

  #setEcho(echo: 'on' | 'off'): void {
    this.#echo = echo;
    this.#place.dialogue.listenForEcho();
  }

  /** Also a unit that was told to be quiet may repeat what it is sent. */
  #mustNotEcho(): void {
    if (this.#echo === 'on' || this.#place.dialogue.echoes)
      throw new Failure('WRONG_PROTOCOL', { path: this.#place.path }, 'the unit repeats what it is sent: a secret is not sent to it');
  }

  async #send({ send, times, eol }: SendStep, { signal, onWrite }: ScriptTask): Promise<void> {
    const { values, dialogue, lineEnd, onSent } = this.#place;
    if (values.isSecret(send)) this.#mustNotEcho();
    onWrite?.();
    const count = times === undefined ? 1 : this.#number(times);
    const end = lineEnds[eol ?? lineEnd];
    const shown = values.hide(values.fill(send) + (count === 1 ? '' : `‹${String(count)} times›`) + end);
    onSent(shown);
    await dialogue.write(Buffer.from(values.fill(send).repeat(count) + end), { shown, signal, starts: true });
  }

  async #expect(spec: Expect, { signal }: ScriptTask): Promise<void> {
    const { dialogue, values } = this.#place;
    const captured = await dialogue.expect(spec, (template) => this.#number(template), signal);
    for (const [name, value] of captured) values.set(name, value);
  }

  #number(template: string): number {
    const number = Number(this.#place.values.fill(template));
    if (Number.isInteger(number) && number > 0 && number <= MAX_BYTES) return number;
    throw new Failure('WRONG_PROTOCOL', { path: this.#place.path }, `${template} is no number from 1 to ${String(MAX_BYTES)}`);
  }

  async #sendBlob(blob: SendBlob, task: ScriptTask): Promise<void> {
    const { values, dialogue, onSent } = this.#place;
    const item = task.items.get(blob.source);
    if (item === undefined) throw new Error(`the profile sends ${blob.source}, which is no item`);
    if (item.secret || values.isSecret(`${blob.before ?? ''}${blob.after ?? ''}`)) this.#mustNotEcho();
    task.onWrite?.();
    const body = travelling(item, blob.encoding);
    const size = blob.chunk ?? body.length;
    for (let offset = 0; offset < body.length; offset += size) {
      const chunk = body.subarray(offset, offset + size);
      const before = values.fill(blob.before ?? '');
      const after = values.fill(blob.after ?? '') + lineEnds[blob.eol];
      const shown = values.hide(`${before}‹${item.spec.item}, ${String(chunk.length)} bytes›${after}`);
      onSent(shown);
      // A part of a command that has begun already is no exchange of its own.
      await dialogue.write(Buffer.concat([Buffer.from(before), chunk, Buffer.from(after)]), {
        shown,
        signal: task.signal,
        starts: blob.expect !== undefined,
      });
      task.onBytes?.(chunk.length);
      if (blob.expect !== undefined) await this.#expect(blob.expect, task);
      if (blob.paceMs !== undefined && blob.paceMs > 0) await dialogue.pause(blob.paceMs, task.signal);
    }
    if (blob.terminator !== undefined) {
      onSent(blob.terminator);
      await dialogue.write(Buffer.from(blob.terminator), { shown: blob.terminator, signal: task.signal, starts: false });
    }
  }

  #value(value: SetValue): Value {
    const { values } = this.#place;
    if (typeof value === 'string') return values.fill(value);
    const single = /^\$\{([\w.]+)\}$/u.exec(value.of)?.[1];
    // A block that was captured has line breaks, which only a whole value may have.
    let text = single === undefined ? values.fill(value.of) : values.text(single);
    if (value.json !== undefined) text = this.#atPointer(text, value.json);
    if (value.unescape === true) text = this.#unescaped(text);
    if (value.trim === true) text = text.trim();
    if (value.case !== undefined) text = value.case === 'lower' ? text.toLowerCase() : text.toUpperCase();
    return value.decode === undefined ? text : this.#decoded(text, value.decode);
  }

  #atPointer(text: string, pointer: string): string {
    const found = pointer
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>(memberOf, this.#json(text));
    if (found === undefined || found === null) return '';
    return typeof found === 'string' ? found : JSON.stringify(found);
  }

  #unescaped(text: string): string {
    const read = this.#json(`"${text.replace(/(?<!\\)((?:\\\\)*)"/gu, '$1\\"')}"`);
    return typeof read === 'string' ? read : '';
  }

  #json(text: string): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new Failure('WRONG_PROTOCOL', { path: this.#place.path }, 'what the unit sent is not JSON');
    }
  }

  #decoded(text: string, encoding: NonNullable<Exclude<SetValue, string>['decode']>): Buffer {
    const body = encoding === 'pem' ? text.replace(/-----[A-Z0-9 ]+-----/gu, '') : text;
    const compact = body.replace(/\s/gu, '');
    const alphabet = {
      base64: /^[A-Za-z0-9+/]*={0,2}$/u,
      pem: /^[A-Za-z0-9+/]*={0,2}$/u,
      base64url: /^[\w-]*={0,2}$/u,
      hex: /^(?:[0-9a-fA-F]{2})*$/u,
    }[encoding];
    if (!alphabet.test(compact)) throw new Failure('WRONG_PROTOCOL', { path: this.#place.path }, `what the unit sent is not ${encoding}`);
    return Buffer.from(compact, encoding === 'pem' ? 'base64' : encoding);
  }

  #holds(condition: Condition): boolean {
    const value = this.#place.values.fill(condition.value);
    const equal = condition.equals === undefined || value === this.#place.values.fill(condition.equals);
    const matching = condition.matches === undefined || Pattern.of(condition.matches).match(value) !== null;
    return (equal && matching) !== condition.not;
  }

  #assert(assert: Extract<Step, { assert: unknown }>['assert']): void {
    if (this.#holds(assert)) return;
    const value = this.#place.values.hide(this.#place.values.fill(assert.value));
    throw this.#failure(assert.failure, assert.item, assert.says ?? `${assert.value} is “${value.slice(0, 100)}”`);
  }

  #failure(failure: ProfileFailure, item: string | undefined, says: string): Failure {
    return profileFailure(failure, { path: this.#place.path, command: item ?? 'the dialogue', item: item ?? null, says });
  }

  async #retry({ n, on, waitMs, steps }: Extract<Step, { retry: unknown }>['retry'], task: ScriptTask): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#steps(steps, task);
        return;
      } catch (thrown) {
        const again = thrown instanceof Failure && on.some((failure) => failure === thrown.code);
        if (!again || tries >= n || task.signal.aborted || this.#place.dialogue.isBroken) throw thrown;
      }
      if (waitMs > 0) await this.#place.dialogue.pause(waitMs, task.signal);
    }
  }
}

/** What a name, or the number of an element, is in a JSON value. */
const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;

/** The item’s bytes as they go over the line. */
function travelling({ sent }: Item, encoding: SendBlob['encoding']): Buffer {
  if (encoding === 'base64' || encoding === 'hex') return Buffer.from(sent.toString(encoding));
  return sent;
}
