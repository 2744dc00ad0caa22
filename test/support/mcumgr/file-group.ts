import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** `mcumgr_err_t`. */
export const MGMT = { EUNKNOWN: 1, EINVAL: 3, ENOENT: 5, ENOTSUP: 8, EBUSY: 10, EACCESSDENIED: 11 } as const;
/** `fs_mgmt_err_code_t`. */
const FS = {
  UNKNOWN: 1,
  INVALID_NAME: 2,
  NOT_FOUND: 3,
  WRITE_FAILED: 10,
  OFFSET_NOT_VALID: 11,
  OFFSET_LARGER: 12,
  HASH_NOT_FOUND: 13,
  MOUNT: 14,
  EMPTY: 16,
} as const;

/** An error of the group, with what stands beside it in the answer. */
export class FileError extends Error {
  readonly rc: number;
  readonly beside: Readonly<Record<string, number>>;
  constructor(rc: number, beside: Readonly<Record<string, number>> = {}) {
    super(`file error ${String(rc)}`);
    this.rc = rc;
    this.beside = beside;
  }
}
/** An error of SMP itself. */
export class SmpError extends Error {
  readonly rc: number;
  constructor(rc: number) {
    super(`SMP error ${String(rc)}`);
    this.rc = rc;
  }
}

export type Answer = Record<string, unknown>;
type Request = ReadonlyMap<string, unknown>;

export interface FileGroupOptions {
  /** 1: as in Zephyr before 3.5, whose errors have no groups; 2 (default): as since then. */
  readonly version?: 1 | 2;
  readonly mount?: string;
  /** Bytes of one answer to a download. */
  readonly downloadBytes?: number;
  readonly hashes?: readonly ('sha256' | 'crc32')[];
  readonly hashTypesCommand?: boolean;
  readonly statusCommand?: boolean;
  readonly closeCommand?: boolean;
  /** Of what it is sent at once it takes so much. */
  readonly takesAtMost?: number;
  /** Bytes in all files together. */
  readonly capacity?: number;
  /** A hook of the firmware refuses to have these read. */
  readonly unreadable?: readonly string[];
  /** One bit of this byte is stored as another. */
  readonly wrongByte?: { readonly path: string; readonly at: number };
}

interface Upload {
  readonly name: string;
  off: number;
  len: number;
}

/** What a target before the groups of errors says instead. */
export function asVersion1({ rc }: FileError): number {
  if ([FS.INVALID_NAME, FS.HASH_NOT_FOUND, FS.OFFSET_NOT_VALID, FS.OFFSET_LARGER, FS.EMPTY].some((one) => one === rc)) return MGMT.EINVAL;
  return rc === FS.NOT_FOUND || rc === FS.MOUNT ? MGMT.ENOENT : MGMT.EUNKNOWN;
}

/** File management group 8 with Zephyr's memory of one upload: after Zephyr's pages and its fs_mgmt.c, of 3.2 (version 1) and of 3.7 (version 2). */
export class FileGroup {
  readonly files = new Map<string, Buffer>();
  readonly uploads: { name: string; off: number; bytes: number }[] = [];
  readonly #options: FileGroupOptions;
  #open: Upload | null = null;

  constructor(options: FileGroupOptions) {
    this.#options = options;
  }

  /** Files stay, the memory of an upload does not. */
  restart(): void {
    this.#open = null;
  }

  handle(write: boolean, command: number, request: Request): Answer {
    const { hashes = ['sha256', 'crc32'], hashTypesCommand = true, statusCommand = true, closeCommand = true } = this.#options;
    if (command === 0) return write ? this.#upload(request) : this.#download(request);
    if (command === 1 && !write && statusCommand) return { len: this.#file(request).length };
    if (command === 2 && !write && hashes.length > 0) return this.#hash(request, hashes);
    if (command === 3 && !write && hashTypesCommand && hashes.length > 0)
      return {
        types: Object.fromEntries(hashes.map((type) => [type, type === 'sha256' ? { format: 1, size: 32 } : { format: 0, size: 4 }])),
      };
    if (command === 4 && write && closeCommand) {
      this.#open = null;
      return {};
    }
    throw new SmpError(MGMT.ENOTSUP);
  }

  #name(request: Request): string {
    const name = request.get('name');
    if (typeof name !== 'string' || name === '' || name.length > 64) throw new SmpError(MGMT.EINVAL);
    return name;
  }

  #file(request: Request): Buffer {
    const file = this.files.get(this.#name(request));
    if (file === undefined) throw new FileError(FS.NOT_FOUND);
    return file;
  }

  #download(request: Request): Answer {
    const off = request.get('off');
    if (typeof off !== 'number') throw new SmpError(MGMT.EINVAL);
    if (this.#options.unreadable?.includes(this.#name(request)) === true) throw new SmpError(MGMT.EACCESSDENIED);
    this.#open = null;
    const file = this.#file(request);
    const data = file.subarray(off, off + (this.#options.downloadBytes ?? 100));
    return { off, data, ...(off === 0 ? { len: file.length } : {}) };
  }

  #hash(request: Request, hashes: readonly string[]): Answer {
    const [off, len] = [Number(request.get('off') ?? 0), request.get('len')];
    const asked = request.get('type');
    const type = typeof asked === 'string' ? asked : hashes.includes('crc32') ? 'crc32' : 'sha256';
    this.#name(request);
    if (len === 0) throw new SmpError(MGMT.EINVAL);
    if (!hashes.includes(type)) throw new FileError(FS.HASH_NOT_FOUND);
    const file = this.#file(request);
    if (file.length === 0) throw new FileError(FS.EMPTY);
    if (off >= file.length) throw new FileError(FS.OFFSET_LARGER);
    const part = file.subarray(off, typeof len === 'number' ? off + len : undefined);
    const output = type === 'crc32' ? crc32(part) : createHash('sha256').update(part).digest();
    return { type, ...(off === 0 ? {} : { off }), len: part.length, output };
  }

  #upload(request: Request): Answer {
    const [name, off, len, data] = [this.#name(request), request.get('off'), request.get('len'), request.get('data')];
    if (typeof off !== 'number' || (off === 0 && typeof len !== 'number')) throw new SmpError(MGMT.EINVAL);
    const bytes = data instanceof Uint8Array ? data : Buffer.alloc(0);
    if (!name.startsWith(`${this.#options.mount ?? '/lfs'}/`)) throw new FileError(FS.MOUNT);
    const before = this.files.get(name) ?? Buffer.alloc(0);
    const open = this.#options.version === 1 ? this.#continued1(name, off, Number(len)) : this.#continued2(name, off, Number(len), before);
    const taken = bytes.subarray(0, this.#options.takesAtMost ?? bytes.length);
    const others = [...this.files].reduce((sum, [other, content]) => sum + (other === name ? 0 : content.length), 0);
    const kept = off === 0 ? taken : Buffer.concat([before, taken]);
    if (others + kept.length > (this.#options.capacity ?? Infinity)) {
      this.#open = null;
      throw new FileError(FS.WRITE_FAILED);
    }
    if (taken.length > 0) this.files.set(name, this.#stored(name, Buffer.from(kept), off));
    this.uploads.push({ name, off, bytes: bytes.length });
    open.off += taken.length;
    const told = open.off;
    if (open.len > 0 && open.off >= open.len) this.#open = null;
    return { off: told };
  }

  /** Knows only that an upload is under way. */
  #continued1(name: string, off: number, len: number): Upload {
    if (off === 0) this.#open = { name, off: 0, len };
    if (this.#open === null) throw new SmpError(MGMT.EINVAL);
    if (off !== this.#open.off) throw new FileError(FS.OFFSET_NOT_VALID, { off: this.#open.off });
    return this.#open;
  }

  /** Holds the file open. An offset of 0 empties it, but does not set its own offset back: what comes a second time is counted twice. */
  #continued2(name: string, off: number, len: number, before: Buffer): Upload {
    if (this.#open?.name !== name) this.#open = { name, off: 0, len: 0 };
    const open = this.#open;
    if (off === 0) open.len = len;
    else if (open.off === 0) open.off = before.length;
    if (off === 0 || off === open.off) return open;
    this.#open = null;
    throw new FileError(FS.OFFSET_NOT_VALID, { len: open.off });
  }

  #stored(name: string, content: Buffer, from: number): Buffer {
    const { wrongByte } = this.#options;
    const at = wrongByte?.path === name ? wrongByte.at : Infinity;
    if (at >= from && at < content.length) content[at] = (content[at] ?? 0) ^ 0x80;
    return content;
  }
}
