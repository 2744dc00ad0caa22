import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure, limits, type Unit } from '../../contract/index.ts';
import type {
  CallOptions,
  Credentials,
  IdentifiedUnit,
  KeyRequest,
  OpenOptions,
  SelfTestResult,
  StoredItem,
  UnitSession,
} from './driver.ts';
import { installItems, itemInWords } from './install-items.ts';
import { bufferSize } from './smp/buffer-size.ts';
import type { SmpProfile } from './smp/profile.ts';
import type { UnitInfo } from './smp/commands.ts';
import type { UnitLine } from './smp/unit-line.ts';
import { writeItem } from './smp/write-item.ts';
import { UnitSteps } from './unit-steps.ts';

/** Making a key takes long; a step has room for this many tries, so that a lost answer does not end it. */
const KEYGEN_SHARE = 4;
const POSSESSION = Buffer.from('birthmark-possession-v1\0', 'latin1');
const SELFTEST_POLL_MS = { first: 30, most: 500 };

/** One unit, from `open` to `close`. Identity is read again after every reconnect and before every item that is written. */
export class SmpSession implements UnitSession {
  readonly capabilities = { keyOnDevice: true, readBack: true, possession: true, selfTest: true, lock: true } as const;
  readonly #line: UnitLine;
  readonly #profile: SmpProfile;
  readonly #steps: UnitSteps;
  /** The hardware id that this session belongs to. */
  #hardwareId: string | null = null;
  #active = -1;
  #slots = 2;
  #bufferBytes = 0;
  /** The storage slot that this session writes. */
  #writing: number | null = null;

  constructor(line: UnitLine, { profile }: OpenOptions<SmpProfile>) {
    this.#line = line;
    this.#profile = profile;
    this.#steps = new UnitSteps(profile, { confirm: (signal) => this.#confirm(signal), reopen: (signal) => line.reopen(signal) });
  }

  /** Is this our protocol? Reads only. */
  async probe(signal: AbortSignal): Promise<void> {
    this.#bufferBytes = await bufferSize(this.#line, signal);
    await this.#confirm(signal);
  }

  identify(options: CallOptions): Promise<IdentifiedUnit> {
    return this.#steps.run('identify', options, async (signal) => {
      const info = await this.#confirm(signal);
      return { hardwareId: info.hwid, model: info.model, firmware: info.fw, locked: info.locked, provisioned: info.active >= 0 };
    });
  }

  generateKey(commonName: string, options: CallOptions): Promise<KeyRequest> {
    return this.#steps.run('generateKey', options, async (signal) => {
      const { algs, att } = await this.#confirm(signal);
      const alg = this.#profile.keyAlgorithm;
      if (!algs.includes(alg))
        throw new Failure('CSR_KEY_REFUSED', { found: algs.join(', '), allowed: alg }, 'the unit cannot make such a key');
      const slot = this.#freeSlot();
      this.#steps.left = ['a new key'];
      const made = await this.#line.call(
        'keygen',
        { slot, alg, cn: commonName },
        { signal, repeat: 'fresh', deadlineMs: this.#profile.stepMs / KEYGEN_SHARE },
      );
      if (made.len > limits.csrBytes) throw new Failure('CSR_TOO_LARGE', { bytes: made.len, limit: limits.csrBytes });
      const request = await this.#readPieces('csr', slot, made.len, options, signal);
      const actual = createHash('sha256').update(request).digest();
      if (!actual.equals(made.sha)) throw mismatch('csr', Buffer.from(made.sha), actual);
      if (att === undefined) return { csr: request };
      return { csr: request, attestation: { format: att, bytes: await this.#readStatement(slot, options, signal) } };
    });
  }

  install(credentials: Credentials, expected: Unit, options: CallOptions): Promise<readonly StoredItem[]> {
    const items = installItems(credentials);
    const total = items.reduce((sum, { bytes }) => sum + bytes.length, 0);
    let attempts = 0;
    return this.#steps.run('install', options, async (signal) => {
      attempts += 1;
      const slot = this.#freeSlot();
      let before = 0;
      for (const item of items) {
        await this.#confirm(signal, expected.hardwareId);
        const name = itemInWords(item.item);
        if (!this.#steps.left.includes(name)) this.#steps.left.push(name);
        await writeItem(this.#line, item, {
          slot,
          bufferBytes: this.#bufferBytes,
          resume: attempts > 1,
          signal,
          onOffset: (offset) => options.onProgress?.({ done: before + offset, total }),
          confirmIdentity: async () => void (await this.#confirm(signal, expected.hardwareId)),
        });
        before += item.bytes.length;
      }
      return items.map(({ item, bytes, sha256 }) => {
        return { item, bytes: bytes.length, algorithm: 'sha256', digest: Buffer.from(sha256).toString('hex') };
      });
    });
  }

  readBack(installed: readonly StoredItem[], options: CallOptions): Promise<void> {
    return this.#steps.run('readBack', options, async (signal) => {
      for (const { item, bytes, digest } of installed) {
        const stored = await this.#digest(item, signal);
        const expected = Buffer.from(digest, 'hex');
        if (stored.length !== bytes || !stored.sha.equals(expected)) throw mismatch(item, expected, stored.sha);
      }
    });
  }

  provePossession(spki: Uint8Array, options: CallOptions): Promise<void> {
    return this.#steps.run('provePossession', options, async (signal) => {
      const nonce = randomBytes(32);
      const { sig } = await this.#line.call('prove', { slot: this.#workSlot(), nonce }, { signal });
      const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
      if (!verify('sha256', Buffer.concat([POSSESSION, nonce]), key, sig))
        throw new Failure('POSSESSION_FAILED', { hardwareId: this.#hardwareId ?? '' });
    });
  }

  activate(options: CallOptions): Promise<void> {
    return this.#steps.run('activate', options, async (signal) => {
      const slot = this.#workSlot();
      const { active } = await this.#line.call('activate', { slot }, { signal });
      if (active !== slot) throw new Failure('VERIFY_MISMATCH', { item: 'active slot', expected: slot, actual: active });
      this.#active = active;
      this.#steps.left = ['activated, not locked'];
    });
  }

  selfTest(nonce: string, foreignTopic: string, options: CallOptions): Promise<SelfTestResult> {
    return this.#steps.run('selfTest', options, async (signal) => {
      await this.#line.call('selftest', { nonce, foreign: foreignTopic }, { signal });
      for (let wait = SELFTEST_POLL_MS.first; ; wait = Math.min(wait * 1.5, SELFTEST_POLL_MS.most)) {
        const now = await this.#line.call('selftest-state', {}, { signal });
        if (now.state === 'done' || now.state === 'failed') {
          return {
            stage: now.stage,
            connected: now.connected,
            echoed: now.echoed,
            foreignReason: now.foreign < 0 ? null : now.foreign,
            detail: now.detail,
          };
        }
        await pause(wait, undefined, { signal });
      }
    });
  }

  lock(options: CallOptions): Promise<void> {
    return this.#steps.run('lock', options, async (signal) => {
      await this.#line.call('lock', {}, { signal }).catch((thrown: unknown) => {
        // The answer to the first request was lost, and the unit is locked already: the identity below tells.
        if (!(thrown instanceof Failure) || thrown.code !== 'LOCKED') throw thrown;
      });
      const { locked } = await this.#confirm(signal);
      if (!locked) throw new Failure('VERIFY_MISMATCH', { item: 'lock', expected: true, actual: false });
      this.#steps.left = [];
    });
  }

  erase(options: CallOptions): Promise<void> {
    return this.#steps.run('erase', options, async (signal) => {
      await this.#confirm(signal);
      await this.#line.call('erase', {}, { signal });
      this.#steps.left = [];
      this.#writing = null;
      this.#active = -1;
    });
  }

  async close(): Promise<void> {
    this.#steps.close();
    await this.#line.close();
  }

  /** Reads the identity and compares it with the one of this session. */
  async #confirm(signal: AbortSignal, expected = this.#hardwareId): Promise<UnitInfo> {
    const info = await this.#line.call('info', {}, { signal });
    if (expected !== null && info.hwid !== expected) throw new Failure('DEVICE_SWAPPED', { expected, actual: info.hwid });
    this.#hardwareId = info.hwid;
    this.#active = info.active;
    this.#slots = info.slots;
    return info;
  }

  /** The slot that is not active: rotation has no gap, and what works is never overwritten. */
  #freeSlot(): number {
    this.#writing ??= this.#active === 0 && this.#slots > 1 ? 1 : 0;
    return this.#writing;
  }

  /** The slot that this session wrote; in a session that wrote nothing, the active one. */
  #workSlot(): number {
    return this.#writing ?? Math.max(0, this.#active);
  }

  /** What the unit says about where the key in this slot was made; the CA looks into it. */
  async #readStatement(slot: number, options: CallOptions, signal: AbortSignal): Promise<Uint8Array> {
    const { len } = await this.#line.call('attestation', { slot, off: 0 }, { signal });
    if (len > limits.attestationBytes)
      throw new Failure('ATTESTATION_REFUSED', {
        check: 'size',
        problem: `it has ${String(len)} bytes; ${String(limits.attestationBytes)} are allowed`,
      });
    return this.#readPieces('attestation', slot, len, options, signal);
  }

  async #readPieces(
    what: 'csr' | 'attestation',
    slot: number,
    length: number,
    options: CallOptions,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const whole = Buffer.alloc(length);
    for (let offset = 0; offset < length;) {
      options.onProgress?.({ done: offset, total: length });
      const { data } = await this.#line.call(what, { slot, off: offset }, { signal });
      if (data.length === 0 || data.length > length - offset)
        throw new Failure('VERIFY_MISMATCH', { item: itemInWords(what), expected: length, actual: offset + data.length });
      whole.set(data, offset);
      offset += data.length;
    }
    options.onProgress?.({ done: length, total: length });
    return whole;
  }

  async #digest(item: string, signal: AbortSignal): Promise<{ length: number; sha: Buffer }> {
    const { len, sha } = await this.#line.call('digest', { slot: this.#workSlot(), item }, { signal });
    return { length: len, sha: Buffer.from(sha) };
  }
}

const mismatch = (item: string, expected: Buffer, actual: Buffer): Failure =>
  new Failure('VERIFY_MISMATCH', { item: itemInWords(item), expected: expected.toString('hex'), actual: actual.toString('hex') });
