import { readFileSync } from 'node:fs';
import { Failure } from '../../src-main/contract/index.ts';
import { Dialogue } from '../../src-main/station/devices/console/dialogue.ts';
import { toldDigest } from '../../src-main/station/devices/console/items.ts';
import type { ConsoleProfile, Section } from '../../src-main/station/devices/console/profile.ts';
import { Script } from '../../src-main/station/devices/console/script.ts';
import { identityOf, keyRequestOf } from '../../src-main/station/devices/console/sections.ts';
import type { Step } from '../../src-main/station/devices/console/steps.ts';
import type { DialogueTime } from '../../src-main/station/devices/console/time.ts';
import { Values } from '../../src-main/station/devices/console/values.ts';
import { UnitSecrets } from '../../src-main/station/devices/unit-secrets.ts';
import { parseDeviceProfile } from '../../src-main/station/devices/index.ts';
import { Broken } from './target.ts';

/** Ends what the unit says after one write. No text has it, and the engine passes it over. */
export const END_OF_PART = 0;

export const parts = (...said: readonly string[]): Buffer => Buffer.from(said.join('\0'));

const folder = new URL('../../resources/profiles/devices/', import.meta.url).pathname;

export function consoleProfile(name: string): ConsoleProfile {
  const profile = parseDeviceProfile(`${name}.json`, readFileSync(`${folder}${name}.json`, 'utf8'));
  if (profile.driver !== 'console') throw new Error(`${name} is no console profile`);
  return profile;
}

/** What can be asked of a unit without writing to it. */
export type Question = Section | `readBack:${string}`;

/**
 * Plays sections of a profile with a unit that says the next part of the input after each write. How the bytes are cut must not matter. Answers with how far it
 * came, in words.
 */
export async function converse(profile: ConsoleProfile, questions: readonly Question[], input: Uint8Array): Promise<string> {
  const whole = await played(profile, questions, input, 1_000_000);
  const single = await played(profile, questions, input, 1);
  if (whole.understood !== single.understood)
    throw new Broken(`what is understood depends on how the bytes are cut: ${whole.understood} / ${single.understood}`);
  return whole.words;
}

interface Played {
  readonly words: string;
  /** With everything that was taken out of the answers. */
  readonly understood: string;
}

async function played(profile: ConsoleProfile, questions: readonly Question[], input: Uint8Array, piece: number): Promise<Played> {
  const values = valuesOf(profile);
  const unit = new ScriptedUnit(profile, values, input, piece);
  const words: string[] = [];
  const understood: string[] = [];
  for (const question of questions) {
    try {
      await unit.script.run({ steps: stepsOf(profile, question), items: new Map(), signal: new AbortController().signal });
      words.push(`${question} ok`);
      understood.push(meaningOf(profile, question, values));
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code === 'INTERNAL') throw thrown;
      words.push(`${question} ${thrown.code}`);
      break;
    }
  }
  return { words: words.join(' · '), understood: [...words, ...understood].join(' · ') };
}

function valuesOf({ variables }: ConsoleProfile): Values {
  const values = new Values(new UnitSecrets());
  for (const [name, variable] of Object.entries(variables)) {
    if (typeof variable === 'string') values.set(name, variable);
    else values.setSecret(name, 'hunter2');
  }
  values.setAll({ hardwareId: '', model: '', firmware: '', locked: '', provisioned: '', commonName: 'acme/T-1' });
  values.setAll({ 'item.name': 'certificate', 'item.length': '64', 'item.digest': 'ab'.repeat(32) });
  return values;
}

function stepsOf(profile: ConsoleProfile, question: Question): readonly Step[] {
  const [kind, item] = question.split(':');
  if (item === undefined) return profile[kind as Section] ?? [];
  return profile.install.find((one) => one.item === item)?.readBack?.steps ?? [];
}

/** What the session makes of the answers: the parts that no later check repeats must be of the right form. */
function meaningOf(profile: ConsoleProfile, question: Question, values: Values): string {
  if (question === 'identify') {
    const identity = identityOf(values, 'port');
    const { hardwareId, model, firmware } = identity;
    if (hardwareId === '' || /\p{C}/u.test(hardwareId) || Math.max(hardwareId.length, model.length, firmware.length) > 64)
      throw new Broken('an identity that is none');
    return JSON.stringify(identity);
  }
  if (question === 'generateKey') {
    const { csr, attestation } = keyRequestOf(profile, values, 'port');
    return `${Buffer.from(csr).toString('hex')} ${String(attestation?.bytes.length)}`;
  }
  const readBack = profile.install.find(({ item }) => question === `readBack:${item}`)?.readBack;
  if (readBack === undefined) return '';
  const single = /^\$\{([\w.]+)\}$/u.exec(readBack.digest)?.[1];
  const digest = toldDigest(readBack, single === undefined ? values.fill(readBack.digest) : (values.get(single) ?? ''));
  if (digest !== null && !/^(?:[0-9a-f]{32}|[0-9a-f]{64})$/u.test(digest)) throw new Broken('a digest that is none');
  return String(digest);
}

/** Time is not waited for: a wait is over when nothing more comes. */
class ScriptedUnit {
  readonly script: Script;
  readonly #dialogue: Dialogue;
  readonly #said: Buffer[];
  readonly #piece: number;
  #coming = 0;
  #now = 0;

  constructor(profile: ConsoleProfile, values: Values, input: Uint8Array, piece: number) {
    this.#piece = piece;
    this.#said = partsOf(input);
    const time: DialogueTime = {
      now: () => this.#now,
      deadline: (ms, onPassed) => this.#whenSilent(ms, onPassed),
      pause: (ms) => {
        this.#now += ms;
        return new Promise((resolve) => void setImmediate(resolve));
      },
    };
    this.#dialogue = new Dialogue({ path: 'port', write: () => this.#answer() }, profile, () => undefined, time);
    const { lineEnd, echo } = profile;
    this.script = new Script({ dialogue: this.#dialogue, values, lineEnd, path: 'port', onSent: () => undefined }, echo);
  }

  #answer(): Promise<void> {
    const part = this.#said.shift() ?? Buffer.alloc(0);
    this.#coming += 1;
    setImmediate(() => {
      for (let at = 0; at < part.length; at += this.#piece) this.#dialogue.receive(part.subarray(at, at + this.#piece));
      this.#coming -= 1;
    });
    return Promise.resolve();
  }

  #whenSilent(ms: number, onPassed: () => void): () => void {
    let waits = true;
    const look = (): void => {
      if (!waits) return;
      if (this.#coming > 0) {
        setImmediate(look);
        return;
      }
      this.#now += ms;
      onPassed();
    };
    setImmediate(look);
    return () => {
      waits = false;
    };
  }
}

function partsOf(input: Uint8Array): Buffer[] {
  const found: Buffer[] = [];
  let from = 0;
  for (let at = 0; at <= input.length; at++)
    if (at === input.length || input[at] === END_OF_PART) {
      found.push(Buffer.from(input.subarray(from, at)));
      from = at + 1;
    }
  return found;
}
