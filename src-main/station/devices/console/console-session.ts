import { randomBytes } from 'node:crypto';
import { Failure, type Unit } from '../../../contract/index.ts';
import type {
  CallOptions,
  Credentials,
  IdentifiedUnit,
  KeyRequest,
  OpenOptions,
  SelfTestResult,
  StoredItem,
  StoredKind,
  UnitSession,
} from '../driver.ts';
import { UnitSteps } from '../unit-steps.ts';
import type { ConsoleLine } from './console-line.ts';
import { itemOf, storedItemOf, toldDigest, wholeValue, type Item } from './items.ts';
import type { ConsoleProfile, InstallItemSpec, Section } from './profile.ts';
import { identityOf, keyRequestOf, mustHaveSigned, resultFingerprint, selfTestOf, signatureOf, type Identity } from './sections.ts';
import type { Step } from './steps.ts';
import type { Values } from './values.ts';

const LEAVE_MS = 6000;
const untellable = Symbol('the unit has no digest of it');
const POSSESSION = Buffer.from('birthmark-possession-v1\0', 'latin1');

interface SectionTask {
  readonly steps: readonly Step[];
  readonly signal: AbortSignal;
  readonly items?: ReadonlyMap<string, Item>;
  readonly onWrite?: () => void;
  readonly onBytes?: (bytes: number) => void;
  /** What the transcript keeps, so that the section can be played again. */
  readonly inputs?: Readonly<Record<string, string>>;
}

/** One unit, from `open` to `close`, with the dialogue that its profile writes down. Identity is read again after every reconnect and before every item. */
export class ConsoleSession implements UnitSession {
  readonly #line: ConsoleLine;
  readonly #profile: ConsoleProfile;
  readonly #values: Values;
  readonly #path: string;
  readonly #steps: UnitSteps;
  #hardwareId: string | null = null;

  constructor(line: ConsoleLine, values: Values, { profile, path }: OpenOptions<ConsoleProfile>) {
    this.#line = line;
    this.#values = values;
    this.#profile = profile;
    this.#path = path;
    this.#steps = new UnitSteps(profile, {
      confirm: (signal) => this.#confirm(signal),
      reopen: (signal) => line.reopen(signal),
      wake: (signal) => this.#wake(signal),
    });
  }

  get capabilities(): UnitSession['capabilities'] {
    const { install, generateKey, possession, selfTest, lock } = this.#profile;
    const unread = install.filter(({ readBack }) => readBack === undefined);
    return {
      keyOnDevice: generateKey !== undefined,
      unread: unread.length === install.length ? 'all' : [...new Set(unread.map(kindOf))],
      possession: possession !== undefined,
      // Whether a unit can is found out when it is identified.
      selfTest: selfTest !== undefined && this.#values.text('selfTests') !== 'no',
      lock: lock !== undefined,
    };
  }

  /** Is this a unit of the profile’s kind? Sends no secret but to log in. */
  async probe(signal: AbortSignal): Promise<void> {
    if (this.#profile.open === undefined) await this.#confirm(signal);
    else await this.#wake(signal);
  }

  identify(options: CallOptions): Promise<IdentifiedUnit> {
    return this.#steps.run('identify', options, (signal) => this.#confirm(signal));
  }

  generateKey(commonName: string, options: CallOptions): Promise<KeyRequest> {
    return this.#steps.run('generateKey', options, async (signal) => {
      await this.#confirm(signal);
      this.#values.set('commonName', commonName);
      await this.#section('generateKey', { signal, inputs: { commonName }, onWrite: () => (this.#steps.left = ['a new key']) });
      return this.#result('generateKey', () => keyRequestOf(this.#profile, this.#values, this.#path));
    });
  }

  install(credentials: Credentials, expected: Unit, options: CallOptions): Promise<readonly StoredItem[]> {
    const { broker } = credentials;
    this.#values.setAll({
      'broker.host': broker.host,
      'broker.port': String(broker.port),
      'broker.clientId': broker.clientId,
      'broker.topicBase': broker.topicBase,
      'broker.serverName': broker.serverName,
    });
    const specs = this.#profile.install.filter(({ source }) => source !== 'key' || credentials.privateKey !== undefined);
    const items = new Map(specs.map((spec) => [spec.item, itemOf(spec, credentials, this.#values)]));
    const total = [...items.values()].reduce((sum, { sent }) => sum + sent.length, 0);
    return this.#steps
      .run('install', options, async (signal) => {
        let before = 0;
        for (const item of items.values()) {
          await this.#confirm(signal, expected.hardwareId);
          const start = before;
          if (!(await this.#isThere(item, signal)))
            await this.#write(item, items, signal, (done) => options.onProgress?.({ done: Math.min(start + done, total), total }));
          before += item.sent.length;
          options.onProgress?.({ done: before, total });
        }
        return [...items.values()].map(storedItemOf);
      })
      .finally(() => {
        for (const item of items.values()) if (item.secret) for (const bytes of [item.sent, item.stored, item.der]) bytes.fill(0);
      });
  }

  readBack(installed: readonly StoredItem[], options: CallOptions): Promise<readonly StoredKind[]> {
    return this.#steps.run('readBack', options, async (signal) => {
      const untold = new Set<StoredKind>();
      for (const stored of installed) {
        const spec = this.#profile.install.find(({ item }) => item === stored.item);
        if (spec?.readBack === undefined) continue;
        const told = await this.#told(spec, stored, signal);
        if (told === untellable) untold.add(kindOf(spec));
        else if (told !== stored.digest)
          throw new Failure('VERIFY_MISMATCH', { item: inWords(spec), expected: stored.digest, actual: told ?? 'nothing' });
      }
      return [...untold];
    });
  }

  provePossession(spki: Uint8Array, options: CallOptions): Promise<void> {
    return this.#steps.run('provePossession', options, async (signal) => {
      const challenge = Buffer.concat([POSSESSION, randomBytes(32)]);
      const inputs = { challenge: challenge.toString('hex'), challengeBase64: challenge.toString('base64') };
      this.#values.setAll(inputs);
      await this.#section('possession', { signal, inputs });
      this.#result('possession', () => signatureOf(this.#values, this.#path));
      mustHaveSigned(this.#values, challenge, spki, this.#path);
    });
  }

  activate(options: CallOptions): Promise<void> {
    return this.#steps.run('activate', options, async (signal) => {
      await this.#section('activate', { signal });
      this.#steps.left = this.#profile.lock === undefined ? [] : ['in use, not locked'];
    });
  }

  selfTest(nonce: string, foreignTopic: string, options: CallOptions): Promise<SelfTestResult> {
    return this.#steps.run('selfTest', options, async (signal) => {
      this.#values.setAll({ nonce, foreignTopic });
      await this.#section('selfTest', { signal, inputs: { nonce, foreignTopic } });
      return this.#result('selfTest', () => selfTestOf(this.#values));
    });
  }

  lock(options: CallOptions): Promise<void> {
    return this.#steps.run('lock', options, async (signal) => {
      await this.#section('lock', { signal, onWrite: () => (this.#steps.left = ['half locked']) });
      this.#steps.left = [];
    });
  }

  erase(options: CallOptions): Promise<void> {
    return this.#steps.run('erase', options, async (signal) => {
      if (this.#profile.erase === undefined)
        throw new Failure('DEVICE_REFUSED', { command: 'erase', error: 'the profile does not say how' });
      await this.#confirm(signal);
      await this.#section('erase', { signal, onWrite: () => (this.#steps.left = ['half erased']) });
      this.#steps.left = [];
    });
  }

  async close(): Promise<void> {
    if (this.#line.isUsable && this.#profile.leave !== undefined)
      await this.#section('leave', { signal: AbortSignal.timeout(LEAVE_MS) }).catch(() => undefined);
    this.#steps.close();
    await this.#line.close();
  }

  async #wake(signal: AbortSignal): Promise<void> {
    await this.#section('open', { signal });
  }

  /** Reads the identity and compares it with the one of this session. */
  async #confirm(signal: AbortSignal, expected = this.#hardwareId): Promise<Identity> {
    this.#values.setAll({ hardwareId: '', model: '', firmware: '', locked: '', provisioned: '' });
    await this.#section('identify', { signal });
    const identity = this.#result('identify', () => identityOf(this.#values, this.#path));
    if (expected !== null && identity.hardwareId !== expected)
      throw new Failure('DEVICE_SWAPPED', { expected, actual: identity.hardwareId });
    this.#hardwareId = identity.hardwareId;
    return identity;
  }

  /** The same bytes are stored already: a second try writes only what is missing. */
  async #isThere(item: Item, signal: AbortSignal): Promise<boolean> {
    if (item.spec.readBack === undefined) return false;
    const stored = storedItemOf(item);
    return (await this.#told(item.spec, stored, signal)) === stored.digest;
  }

  /** null: it is not there; `untellable`: the profile knows from what the unit said that it has no digest of it. */
  async #told(spec: InstallItemSpec, stored: StoredItem, signal: AbortSignal): Promise<string | typeof untellable | null> {
    if (spec.readBack === undefined) return null;
    const inputs = this.#about(stored);
    const section = `readBack:${spec.item}`;
    // Whatever the unit holds: an earlier key, and perhaps not of this station.
    this.#line.heardKeys.asked = spec.source === 'key' && spec.readBack.form.startsWith('content');
    try {
      await this.#play(section, { steps: spec.readBack.steps, signal, inputs });
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.code === 'UNVERIFIABLE') return untellable;
      throw thrown;
    } finally {
      this.#line.heardKeys.asked = false;
    }
    const { readBack } = spec;
    return this.#result(section, () => toldDigest(readBack, wholeValue(readBack.digest, this.#values)));
  }

  /** Keeps in the transcript what came of a section, as a fingerprint, so that playing it again shows whether the same comes of it. */
  #result<T>(section: string, evaluate: () => T): T {
    const fingerprint = resultFingerprint(evaluate, (text) => this.#values.hide(text));
    this.#line.transcript.note(`result ${section} ${fingerprint}`);
    return evaluate();
  }

  async #write(item: Item, items: ReadonlyMap<string, Item>, signal: AbortSignal, onDone: (bytes: number) => void): Promise<void> {
    let done = 0;
    await this.#play(`write:${item.spec.item}`, {
      steps: item.spec.write,
      signal,
      items,
      inputs: { ...this.#about(storedItemOf(item)), sentBytes: String(item.sent.length) },
      onWrite: () => {
        const what = inWords(item.spec);
        if (!this.#steps.left.includes(what)) this.#steps.left.push(what);
      },
      onBytes: (bytes) => {
        done += bytes;
        onDone(Math.min(done, item.sent.length));
      },
    });
  }

  #about({ item, bytes, digest }: StoredItem): Record<string, string> {
    const about = { 'item.name': item, 'item.length': String(bytes), 'item.digest': digest };
    this.#values.setAll(about);
    return about;
  }

  /** A section of the profile; one that it does not have is nothing to do. */
  async #section(name: Section, task: Omit<SectionTask, 'steps'>): Promise<void> {
    const steps = this.#profile[name];
    if (steps !== undefined) await this.#play(name, { ...task, steps });
  }

  async #play(name: string, { items = new Map(), inputs, ...task }: SectionTask): Promise<void> {
    const { transcript } = this.#line;
    transcript.note(`begin ${name}${inputs === undefined ? '' : ` ${JSON.stringify(inputs)}`}`);
    try {
      await this.#line.script.run({ ...task, items });
      transcript.note(`end ${name}`);
    } catch (thrown) {
      transcript.note(`end ${name} ${thrown instanceof Failure ? thrown.code : 'CANCELLED'}`);
      throw thrown;
    }
  }
}

const kindOf = ({ source }: InstallItemSpec): StoredKind =>
  source === 'text' ? 'settings' : source === 'certificate-chain' ? 'certificate' : source;

/** An item as failures tell of it. */
const inWords = ({ source, item }: InstallItemSpec): string =>
  ({ certificate: 'certificate', 'certificate-chain': 'certificate', 'trust-anchors': 'trust anchors', key: 'key', text: item })[source];
