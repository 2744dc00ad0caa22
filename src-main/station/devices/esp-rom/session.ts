import { Failure, type Unit } from '../../../contract/index.ts';
import type { CallOptions, Credentials, IdentifiedUnit, OpenOptions, StoredItem, StoredKind, UnitSession } from '../driver.ts';
import { StoringUnit } from '../storing-unit.ts';
import { UnitSteps } from '../unit-steps.ts';
import { eraseRegion, flashMd5, md5, writeImage } from './flash.ts';
import { readIdentity, stopWatchdogs, type RomIdentity } from './identity.ts';
import { buildImages, partitionsOf } from './images.ts';
import type { EspRomProfile } from './profile.ts';
import type { RomLine } from './rom-line.ts';

/** One chip in its ROM loader, from `open` to `close`. */
export class EspRomSession extends StoringUnit implements UnitSession {
  readonly #line: RomLine;
  readonly #profile: EspRomProfile;
  readonly #steps: UnitSteps;
  #identity: RomIdentity | null = null;

  constructor(line: RomLine, { profile }: OpenOptions<EspRomProfile>) {
    super();
    this.#line = line;
    this.#profile = profile;
    this.#steps = new UnitSteps(profile, {
      confirm: (signal) => this.#confirm(signal),
      reopen: (signal) => line.reopen(signal),
      wake: async (signal) => {
        await line.synchronise(signal);
        await this.#attach(signal);
      },
    });
  }

  /** What is encrypted on its way into the flash cannot be compared with what was sent. */
  get capabilities(): UnitSession['capabilities'] {
    return { keyOnDevice: false, unread: this.#encrypts() ? 'all' : [], possession: false, selfTest: false, lock: false };
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#attach(signal);
  }

  identify(options: CallOptions): Promise<IdentifiedUnit> {
    return this.#steps.run('identify', options, async (signal) => {
      const { chip, hardwareId, flashEncrypted, secureBoot } = await this.#confirm(signal);
      const state = [flashEncrypted ? 'flash encryption' : null, secureBoot ? 'secure boot' : null].filter((one) => one !== null);
      const unit = { hardwareId, model: chip.name, firmware: ['ROM loader', ...state].join(', '), locked: false };
      const obstacle = this.#obstacle();
      if (obstacle !== null) return { ...unit, provisioned: false, obstacle };
      return { ...unit, provisioned: await this.#holdsSomething(signal) };
    });
  }

  async install(credentials: Credentials, expected: Unit, options: CallOptions): Promise<readonly StoredItem[]> {
    const images = buildImages(this.#profile, credentials);
    const total = images.reduce((sum, { bytes }) => sum + bytes.length, 0);
    try {
      return await this.#steps.run('install', options, async (signal) => {
        let done = 0;
        options.onProgress?.({ done, total });
        for (const image of images) {
          await this.#confirm(signal, expected.hardwareId);
          if (!this.#steps.left.includes(image.item)) this.#steps.left.push(image.item);
          await writeImage(this.#line, image, !this.#encrypts(), {
            signal,
            encrypt: this.#encryptWord(),
            onSector: (bytes) => options.onProgress?.({ done: (done += bytes), total }),
          });
        }
        this.#steps.left = [];
        return images.map(({ item, bytes }) => ({ item, bytes: bytes.length, algorithm: 'md5', digest: md5(bytes) }));
      });
    } finally {
      for (const { bytes } of images) bytes.fill(0);
    }
  }

  readBack(installed: readonly StoredItem[], options: CallOptions): Promise<readonly StoredKind[]> {
    return this.#steps.run('readBack', options, async (signal) => {
      for (const { item, bytes, digest } of installed) {
        const place = partitionsOf(this.#profile).find((one) => one.item === item);
        if (place?.size !== bytes) throw new Failure('UNVERIFIABLE', { item }, 'the profile has no such partition any more');
        const actual = await flashMd5(this.#line, place.offset, bytes, signal);
        if (actual !== digest) throw new Failure('VERIFY_MISMATCH', { item, expected: digest, actual });
      }
      return [];
    });
  }

  erase(options: CallOptions): Promise<void> {
    return this.#steps.run('erase', options, async (signal) => {
      await this.#confirm(signal);
      for (const { item, offset, size } of partitionsOf(this.#profile)) {
        await eraseRegion(this.#line, offset, size, this.#encryptWord(), signal);
        if (this.#encrypts()) continue;
        const [expected, actual] = [blank(size), await flashMd5(this.#line, offset, size, signal)];
        if (actual !== expected) throw new Failure('VERIFY_MISMATCH', { item, expected, actual });
      }
      this.#steps.left = [];
    });
  }

  async close(): Promise<void> {
    this.#steps.close();
    await this.#line.close();
  }

  /** Makes the ROM talk to the flash chip, undisturbed; it forgets at every reset. */
  async #attach(signal: AbortSignal): Promise<void> {
    await stopWatchdogs(this.#line, signal);
    await this.#line.call('SPI_ATTACH', [0, 0], { signal });
    // id, size, block, sector, page, status mask.
    await this.#line.call('SPI_SET_PARAMS', [0, this.#profile.flashBytes, 0x1_0000, 0x1000, 0x100, 0xffff], { signal });
  }

  async #confirm(signal: AbortSignal, expected = this.#identity?.hardwareId): Promise<RomIdentity> {
    const now = await readIdentity(this.#line, signal);
    if (expected !== undefined && now.hardwareId !== expected) throw new Failure('DEVICE_SWAPPED', { expected, actual: now.hardwareId });
    this.#identity = now;
    return now;
  }

  #obstacle(): Failure | null {
    if (this.#identity?.flashEncrypted !== true) return null;
    const { flashEncryption } = this.#profile;
    if (flashEncryption === 'refuse') return new Failure('FLASH_ENCRYPTED');
    const cannot = flashEncryption === 'encrypt' && !this.#identity.chip.takesEncryptedFlag;
    return cannot ? new Failure('FLASH_ENCRYPTED', {}, `the ROM of the ${this.#identity.chip.name} cannot encrypt what it writes`) : null;
  }

  #encrypts(): boolean {
    return this.#profile.flashEncryption === 'encrypt' && this.#identity?.flashEncrypted === true;
  }

  #encryptWord(): boolean | null {
    return this.#identity?.chip.takesEncryptedFlag === true ? this.#encrypts() : null;
  }

  /** Anything but FF in its places: only the ROM's own digest tells, nothing is read out. Unknown where the flash is encrypted. */
  async #holdsSomething(signal: AbortSignal): Promise<boolean> {
    for (const { offset, size } of partitionsOf(this.#profile)) {
      if ((await flashMd5(this.#line, offset, size, signal)) !== blank(size)) return true;
    }
    return false;
  }
}

const blank = (size: number): string => md5(Buffer.alloc(size, 0xff));
