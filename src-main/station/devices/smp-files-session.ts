import { Failure, type Unit } from '../../contract/index.ts';
import type { CallOptions, Credentials, IdentifiedUnit, KeyRequest, OpenOptions, StoredItem, StoredKind, UnitSession } from './driver.ts';
import { bufferSize } from './smp/buffer-size.ts';
import { digestOf, downloadFile, fileLength, hashTypes, howToDigest, storedFile, type FileDigest } from './smp/file-system.ts';
import type { SmpFilesProfile } from './smp/profile.ts';
import { requestBytes, targetFiles, targetItems, type TargetFile, type TargetItem } from './smp/target-files.ts';
import { listGroups, mustHaveFiles, readHardwareId, readTargetKind } from './smp/target.ts';
import { uploadFile } from './smp/upload-file.ts';
import type { UnitLine } from './smp/unit-line.ts';
import { StoringUnit } from './storing-unit.ts';
import { UnitSteps } from './unit-steps.ts';

/** MCUmgr has no command that deletes a file: an emptied one holds this. */
const EMPTIED = Buffer.from('\n');
const kinds: Readonly<Record<TargetItem['item'], StoredKind>> = {
  key: 'key',
  certificate: 'certificate',
  'trust anchors': 'trust-anchors',
  'broker settings': 'settings',
};

/** One stock MCUmgr target, from `open` to `close`. What it cannot do (sign a challenge, connect when told to, lock) is not claimed. */
export class SmpFilesSession extends StoringUnit implements UnitSession {
  readonly #line: UnitLine;
  readonly #profile: SmpFilesProfile;
  readonly #steps: UnitSteps;
  #hardwareId: string | null = null;
  #bufferBytes = 0;
  #groups: readonly number[] | null = null;
  /** How each file of the profile can be read back. */
  readonly #digests = new Map<string, FileDigest | null>();
  /** How much of a file the unit has said to have, by its path. */
  readonly #told = new Map<string, number>();

  constructor(line: UnitLine, { profile }: OpenOptions<SmpFilesProfile>) {
    super();
    this.#line = line;
    this.#profile = profile;
    this.#steps = new UnitSteps(profile, { confirm: (signal) => this.#confirm(signal), reopen: (signal) => line.reopen(signal) });
  }

  get capabilities(): UnitSession['capabilities'] {
    const unread = this.#items.filter(({ path }) => (this.#digests.get(path) ?? null) === null);
    return {
      keyOnDevice: this.#profile.key === 'device',
      unread: unread.length === this.#items.length ? 'all' : unread.map(({ item }) => kinds[item]),
      possession: false,
      selfTest: false,
      lock: false,
    };
  }

  /** Is this our protocol, and what can it do? Reads only. */
  async probe(signal: AbortSignal): Promise<void> {
    this.#bufferBytes = await bufferSize(this.#line, signal);
    this.#groups = await listGroups(this.#line, signal);
    await mustHaveFiles(this.#line, this.#groups, this.#profile.files.certificate, signal);
    const types = await hashTypes(this.#line, signal);
    for (const { path } of this.#items) this.#digests.set(path, await howToDigest(this.#line, path, types, signal));
    await this.#confirm(signal);
  }

  identify(options: CallOptions): Promise<IdentifiedUnit> {
    return this.#steps.run('identify', options, async (signal) => {
      const hardwareId = await this.#confirm(signal);
      const kind = await readTargetKind(this.#line, signal);
      const length = await fileLength(this.#line, this.#profile.files.certificate, signal);
      return { hardwareId, ...kind, locked: false, provisioned: (length ?? 0) > EMPTIED.length };
    });
  }

  /** The request of the key that the firmware has made. @throws Failure KEY_NOT_ON_DEVICE where it left none. */
  override generateKey(_commonName: string, options: CallOptions): Promise<KeyRequest> {
    const { request } = this.#profile.files;
    if (request === undefined) return Promise.reject(new Failure('KEY_NOT_ON_DEVICE'));
    return this.#steps.run('generateKey', options, async (signal) => {
      const content = await downloadFile(this.#line, request, signal);
      if (content === null) throw new Failure('KEY_NOT_ON_DEVICE', {}, `there is no file ${request}`);
      return { csr: requestBytes(content) };
    });
  }

  async install(credentials: Credentials, expected: Unit, options: CallOptions): Promise<readonly StoredItem[]> {
    const files = targetFiles(this.#profile, credentials);
    const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#told.clear();
    try {
      return await this.#steps.run('install', options, async (signal) => {
        const stored: StoredItem[] = [];
        let before = 0;
        for (const file of files) {
          await this.#confirm(signal, expected.hardwareId);
          stored.push(await this.#write(file, signal, (offset) => options.onProgress?.({ done: before + offset, total })));
          before += file.bytes.length;
        }
        this.#steps.left = [];
        return stored;
      });
    } finally {
      for (const { bytes } of files) bytes.fill(0);
    }
  }

  async #write({ item, path, bytes }: TargetFile, signal: AbortSignal, onOffset: (offset: number) => void): Promise<StoredItem> {
    const digest = this.#digests.get(path) ?? null;
    const expected = digestOf(digest ?? 'sha256', bytes);
    const there = digest === null || this.#told.has(path) ? null : await storedFile(this.#line, path, digest, signal);
    if (there?.bytes !== bytes.length || there.digest !== expected) {
      if (!this.#steps.left.includes(item)) this.#steps.left.push(item);
      await uploadFile(this.#line, path, bytes, {
        bufferBytes: this.#bufferBytes,
        digest,
        resumeAt: this.#told.get(path) ?? 0,
        signal,
        onOffset: (offset) => {
          this.#told.set(path, offset);
          onOffset(offset);
        },
        confirmIdentity: async () => void (await this.#confirm(signal)),
      });
    }
    return { item, bytes: bytes.length, algorithm: digest === 'crc32' ? 'crc32' : 'sha256', digest: expected };
  }

  readBack(installed: readonly StoredItem[], options: CallOptions): Promise<readonly StoredKind[]> {
    return this.#steps.run('readBack', options, async (signal) => {
      for (const { item, bytes, digest } of installed) {
        const path = this.#items.find((one) => one.item === item)?.path ?? item;
        const by = this.#digests.get(path);
        // The verdict names what cannot be read.
        if (by === null) continue;
        if (by === undefined) throw new Failure('UNVERIFIABLE', { item: path });
        const stored = await storedFile(this.#line, path, by, signal);
        if (stored?.bytes === bytes && stored.digest === digest) continue;
        throw new Failure('VERIFY_MISMATCH', { item: path, expected: digest, actual: stored?.digest ?? 'nothing' });
      }
      return [];
    });
  }

  erase(options: CallOptions): Promise<void> {
    return this.#steps.run('erase', options, async (signal) => {
      await this.#confirm(signal);
      for (const { path } of this.#items) {
        if (((await fileLength(this.#line, path, signal)) ?? 0) <= EMPTIED.length) continue;
        await uploadFile(this.#line, path, EMPTIED, {
          bufferBytes: this.#bufferBytes,
          digest: null,
          resumeAt: 0,
          signal,
          onOffset: () => undefined,
          confirmIdentity: async () => void (await this.#confirm(signal)),
        });
      }
      this.#steps.left = [];
    });
  }

  async close(): Promise<void> {
    this.#steps.close();
    await this.#line.close();
  }

  /** The files that the station writes. */
  get #items(): readonly TargetItem[] {
    return targetItems(this.#profile);
  }

  async #confirm(signal: AbortSignal, expected = this.#hardwareId): Promise<string> {
    const now = await readHardwareId(this.#line, this.#profile.identity, this.#groups, signal);
    if (expected !== null && now !== expected) throw new Failure('DEVICE_SWAPPED', { expected, actual: now });
    this.#hardwareId = now;
    return now;
  }
}
