import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { Failure, limits, type Unit } from '../../contract/index.ts';
import type {
  CallOptions,
  Credentials,
  IdentifiedUnit,
  KeyRequest,
  OpenOptions,
  SelfTestResult,
  Settings,
  StoredItem,
  StoredKind,
  UnitSession,
} from './driver.ts';
import { installItems, itemInWords, itemsDigest, settingsItems, type InstallItem } from './install-items.ts';
import { bufferSize } from './smp/buffer-size.ts';
import { selfTestEnd } from './smp/self-test.ts';
import type { SmpProfile } from './smp/profile.ts';
import type { Answer, CommandName, UnitInfo } from './smp/commands.ts';
import type { SmpBody } from './smp/packet.ts';
import type { CallTimes, UnitLine } from './smp/unit-line.ts';
import { writeItem } from './smp/write-item.ts';
import { UnitSteps } from './unit-steps.ts';

/** Making a key takes long; a step has room for this many tries, so that a lost answer does not end it. */
const KEYGEN_SHARE = 4;
const POSSESSION = Buffer.from('birthmark-possession-v1\0', 'latin1');

/** From this protocol on a request can name the unit that it is for, and another unit refuses it. */
const ADDRESSES = 2;

/**
 * One unit, from `open` to `close`. Its identity is read again after every reconnect. Everything that changes something names the unit that it is for; a unit that
 * does not look at that is asked who it is before every item that is written.
 */
export class SmpSession implements UnitSession {
  readonly #line: UnitLine;
  readonly #profile: SmpProfile;
  readonly #steps: UnitSteps;
  /** What the unit told of itself last; its hardware id is the one that this session belongs to. */
  #info: UnitInfo | null = null;
  /** Longest frame that it takes; null: it was not asked yet. */
  #bufferBytes: number | null = null;
  /** SHA-256 of the items that the unit has stored in this session, since the line was opened. */
  readonly #stored = new Map<string, Uint8Array>();
  /** The storage slot that this session writes. */
  #writing: number | null = null;

  constructor(line: UnitLine, { profile }: OpenOptions<SmpProfile>) {
    this.#line = line;
    this.#profile = profile;
    this.#steps = new UnitSteps(profile, {
      confirm: (signal) => this.#confirm(signal),
      reopen: (signal) => {
        this.#stored.clear();
        return line.reopen(signal);
      },
    });
  }

  get capabilities(): UnitSession['capabilities'] {
    return { keyOnDevice: true, unread: [], possession: true, selfTest: this.#info?.net !== false, lock: true };
  }

  /** Is this our protocol? Reads only. */
  async probe(signal: AbortSignal): Promise<void> {
    await this.#confirm(signal);
  }

  identify(options: CallOptions): Promise<IdentifiedUnit> {
    return this.#steps.run('identify', options, async (signal) => {
      const info = await this.#readNow(signal);
      return { hardwareId: info.hwid, model: info.model, firmware: info.fw, locked: info.locked, provisioned: info.active >= 0 };
    });
  }

  generateKey(commonName: string, options: CallOptions): Promise<KeyRequest> {
    return this.#steps.run('generateKey', options, async (signal) => {
      const { algs, att } = await this.#known(signal);
      const alg = this.#profile.keyAlgorithm;
      if (!algs.includes(alg))
        throw new Failure('CSR_KEY_REFUSED', { found: algs.join(', '), allowed: alg }, 'the unit cannot make such a key');
      const slot = this.#freeSlot();
      this.#steps.left = ['a new key'];
      const made = await this.#command(
        'keygen',
        { slot, alg, cn: commonName },
        { signal, repeat: 'fresh', deadlineMs: this.#profile.stepMs / KEYGEN_SHARE },
      );
      if (made.len > limits.csrBytes) throw new Failure('CSR_TOO_LARGE', { bytes: made.len, limit: limits.csrBytes });
      const request = await this.#readRequest(slot, made, options, signal);
      const actual = createHash('sha256').update(request).digest();
      if (!actual.equals(made.sha)) throw mismatch('csr', Buffer.from(made.sha), actual);
      if (att === undefined) return { csr: request };
      return { csr: request, attestation: { format: att, bytes: await this.#readStatement(slot, options, signal) } };
    });
  }

  installAhead(settings: Settings, expected: Unit, options: CallOptions): Promise<void> {
    return this.#writeItems(settingsItems(settings), expected, options);
  }

  async install(credentials: Credentials, expected: Unit, options: CallOptions): Promise<readonly StoredItem[]> {
    const items = installItems(credentials);
    await this.#writeItems(items, expected, options);
    return items.map(({ item, bytes, sha256 }) => {
      return { item, bytes: bytes.length, algorithm: 'sha256', digest: Buffer.from(sha256).toString('hex') };
    });
  }

  readBack(installed: readonly StoredItem[], options: CallOptions): Promise<readonly StoredKind[]> {
    return this.#steps.run('readBack', options, async (signal) => {
      if (await this.#areStored(installed, signal)) return [];
      for (const { item, bytes, digest } of installed) {
        const stored = await this.#digest(item, signal);
        const expected = Buffer.from(digest, 'hex');
        if (stored.length !== bytes || !stored.sha.equals(expected)) throw mismatch(item, expected, stored.sha);
      }
      return [];
    });
  }

  provePossession(spki: Uint8Array, options: CallOptions): Promise<void> {
    return this.#steps.run('provePossession', options, async (signal) => {
      const nonce = randomBytes(32);
      const { sig } = await this.#line.call('prove', { slot: this.#workSlot(), nonce }, { signal });
      const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
      if (!verify('sha256', Buffer.concat([POSSESSION, nonce]), key, sig))
        throw new Failure('POSSESSION_FAILED', this.#info === null ? {} : { hardwareId: this.#info.hwid });
    });
  }

  activate(options: CallOptions): Promise<void> {
    return this.#steps.run('activate', options, async (signal) => {
      const slot = this.#workSlot();
      const { active } = await this.#command('activate', { slot }, { signal });
      if (active !== slot) throw new Failure('VERIFY_MISMATCH', { item: 'active slot', expected: slot, actual: active });
      if (this.#info !== null) this.#info = { ...this.#info, active };
      this.#steps.left = ['activated, not locked'];
    });
  }

  selfTest(
    nonce: string,
    foreignTopic: string,
    { heard, ...options }: CallOptions & { readonly heard?: Promise<unknown> },
  ): Promise<SelfTestResult> {
    return this.#steps.run('selfTest', options, async (signal) => {
      await this.#command('selftest', { nonce, foreign: foreignTopic }, { signal });
      return selfTestEnd(() => this.#line.call('selftest-state', {}, { signal }), heard, signal);
    });
  }

  lock(options: CallOptions): Promise<void> {
    return this.#steps.run('lock', options, async (signal) => {
      await this.#command('lock', {}, { signal }).catch((thrown: unknown) => {
        // The answer to the first request was lost, and the unit is locked already: the identity below tells.
        if (!(thrown instanceof Failure) || thrown.code !== 'LOCKED') throw thrown;
      });
      const { locked } = await this.#state(signal);
      if (!locked) throw new Failure('VERIFY_MISMATCH', { item: 'lock', expected: true, actual: false });
      this.#steps.left = [];
    });
  }

  erase(options: CallOptions): Promise<void> {
    return this.#steps.run('erase', options, async (signal) => {
      await this.#known(signal);
      await this.#command('erase', {}, { signal });
      this.#steps.left = [];
      this.#writing = null;
      this.#stored.clear();
      if (this.#info !== null) this.#info = { ...this.#info, active: -1 };
    });
  }

  async close(): Promise<void> {
    this.#steps.close();
    await this.#line.close();
  }

  /** Reads the identity and compares it with the one of this session. */
  async #confirm(signal: AbortSignal): Promise<UnitInfo> {
    const info = await this.#line.call('info', {}, { signal });
    mustBe(this.#info?.hwid, info.hwid);
    this.#info = info;
    return info;
  }

  /** What the unit told of itself; told anew where its commands do not say for which unit they are. */
  async #known(signal: AbortSignal): Promise<UnitInfo> {
    return this.#info !== null && this.#info.proto >= ADDRESSES ? this.#info : this.#confirm(signal);
  }

  /** Right after `open`, which has read the identity, it is enough that the unit answers. */
  async #readNow(signal: AbortSignal): Promise<UnitInfo> {
    if (this.#bufferBytes !== null) return this.#confirm(signal);
    await this.#buffer(signal);
    return this.#known(signal);
  }

  async #buffer(signal: AbortSignal): Promise<number> {
    this.#bufferBytes ??= await bufferSize(this.#line, signal);
    return this.#bufferBytes;
  }

  /** What of the identity can change, read anew; of this unit alone. */
  async #state(signal: AbortSignal): Promise<Answer<'state'>> {
    return this.#info !== null && this.#info.proto >= ADDRESSES ? this.#command('state', {}, { signal }) : this.#confirm(signal);
  }

  /** What makes a request one for this unit alone. */
  #address(): { readonly hwid?: string } {
    return this.#info !== null && this.#info.proto >= ADDRESSES ? { hwid: this.#info.hwid } : {};
  }

  /** A command for this unit alone. @throws Failure DEVICE_SWAPPED by another one's refusal. */
  async #command<N extends CommandName>(name: N, body: SmpBody, options: CallTimes): Promise<Answer<N>> {
    try {
      return await this.#line.call(name, { ...body, ...this.#address() }, options);
    } catch (thrown) {
      // The refusal does not tell who it is.
      if (thrown instanceof Failure && thrown.code === 'DEVICE_SWAPPED') await this.#confirm(options.signal);
      throw thrown;
    }
  }

  #writeItems(items: readonly InstallItem[], expected: Unit, options: CallOptions): Promise<void> {
    const total = items.reduce((sum, { bytes }) => sum + bytes.length, 0);
    let attempts = 0;
    return this.#steps.run('install', options, async (signal) => {
      attempts += 1;
      let before = 0;
      for (const item of items) {
        if (!isSame(this.#stored.get(item.item), item.sha256)) {
          mustBe(expected.hardwareId, (await this.#known(signal)).hwid);
          const onOffset = (offset: number): void => options.onProgress?.({ done: before + offset, total });
          await this.#writeItem(item, { resume: attempts > 1, onOffset, signal });
        }
        before += item.bytes.length;
        options.onProgress?.({ done: before, total });
      }
    });
  }

  async #writeItem(
    item: InstallItem,
    { signal, ...options }: { readonly resume: boolean; readonly onOffset: (offset: number) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const name = itemInWords(item.item);
    if (!this.#steps.left.includes(name)) this.#steps.left.push(name);
    this.#stored.delete(item.item);
    await writeItem(item, {
      ...options,
      slot: this.#freeSlot(),
      address: this.#address(),
      bufferBytes: await this.#buffer(signal),
      write: async (body) => (await this.#command('write', body, { signal })).off,
      confirmIdentity: async () => void (await this.#confirm(signal)),
    });
    this.#stored.set(item.item, item.sha256);
  }

  /** True: one digest over all items is right. False: it is not, or the unit has no such digest; each item has to be asked for. */
  async #areStored(installed: readonly StoredItem[], signal: AbortSignal): Promise<boolean> {
    const items = itemOrder.flatMap((name) => installed.find(({ item }) => item === name) ?? []);
    if (items.length !== itemOrder.length || this.#info === null || this.#info.proto < ADDRESSES) return false;
    const said = await this.#line.ask('digest', { slot: this.#workSlot() }, { signal });
    return said.refusal === null && isSame(said.answer.sha, itemsDigest(items));
  }

  /** The slot that is not active: rotation has no gap, and what works is never overwritten. */
  #freeSlot(): number {
    this.#writing ??= this.#info?.active === 0 && this.#info.slots > 1 ? 1 : 0;
    return this.#writing;
  }

  /** The slot that this session wrote; in a session that wrote nothing, the active one. */
  #workSlot(): number {
    return this.#writing ?? Math.max(0, this.#info?.active ?? 0);
  }

  async #readRequest(slot: number, made: Answer<'keygen'>, options: CallOptions, signal: AbortSignal): Promise<Uint8Array> {
    let first = made.data;
    return readPieces('certificate request', made.len, options, async (off) => {
      const data = first ?? (await this.#line.call('csr', { slot, off }, { signal })).data;
      first = undefined;
      return data;
    });
  }

  /** What the unit says about where the key in this slot was made; the CA looks into it. */
  async #readStatement(slot: number, options: CallOptions, signal: AbortSignal): Promise<Uint8Array> {
    const { len, data: begin } = await this.#command('attestation', { slot, off: 0 }, { signal });
    if (len > limits.attestationBytes)
      throw new Failure('ATTESTATION_REFUSED', {
        check: 'size',
        problem: `it has ${String(len)} bytes; ${String(limits.attestationBytes)} are allowed`,
      });
    return readPieces('attestation', len, options, async (off) =>
      off === 0 ? begin : (await this.#command('attestation', { slot, off }, { signal })).data,
    );
  }

  async #digest(item: string, signal: AbortSignal): Promise<{ length: number; sha: Buffer }> {
    const { len, sha } = await this.#line.call('digest', { slot: this.#workSlot(), item }, { signal });
    return { length: len, sha: Buffer.from(sha) };
  }
}

/** The order in which the digest over all items has them. */
const itemOrder = ['cert', 'ca', 'broker'] as const;

const isSame = (one: Uint8Array | undefined, other: Uint8Array): boolean => one !== undefined && Buffer.from(other).equals(one);

function mustBe(expected: string | undefined, actual: string): void {
  if (expected !== undefined && actual !== expected) throw new Failure('DEVICE_SWAPPED', { expected, actual });
}

const mismatch = (item: string, expected: Buffer, actual: Buffer): Failure =>
  new Failure('VERIFY_MISMATCH', { item: itemInWords(item), expected: expected.toString('hex'), actual: actual.toString('hex') });

/** All of it, piece by piece from its beginning. VERIFY_MISMATCH when it ends too soon, or goes on. */
async function readPieces(
  item: string,
  length: number,
  options: CallOptions,
  read: (offset: number) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const whole = Buffer.alloc(length);
  for (let offset = 0; offset < length;) {
    options.onProgress?.({ done: offset, total: length });
    const data = await read(offset);
    if (data.length === 0 || data.length > length - offset)
      throw new Failure('VERIFY_MISMATCH', { item, expected: length, actual: offset + data.length });
    whole.set(data, offset);
    offset += data.length;
  }
  options.onProgress?.({ done: length, total: length });
  return whole;
}
