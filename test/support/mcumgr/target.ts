import { decode, encode } from 'cborg';
import { PtyPeer } from '../pty-peer.ts';
import { ConsoleReader, linesOf } from './console-framing.ts';
import { asVersion1, FileError, FileGroup, MGMT, SmpError, type Answer, type FileGroupOptions } from './file-group.ts';

export interface TargetOptions extends FileGroupOptions {
  readonly bufferBytes?: number;
  /** False: it does not tell its buffer size. */
  readonly parameters?: boolean;
  /** True: it lists its groups (group 10). */
  readonly enumerates?: boolean;
  /** Groups that it has; without it 0, 8 and 9. */
  readonly groups?: readonly number[];
  /** Says nothing to what it does not know. */
  readonly silentOnUnknown?: boolean;
  /** Lines of a log, between the lines of an answer. */
  readonly logs?: boolean;
  readonly hardwareId?: string;
  /** Sees each request first. `lost`: it is not answered, `unseen`: not even carried out. */
  readonly onRequest?: (request: SmpRequest, target: McumgrTarget) => 'lost' | 'unseen' | undefined;
}

export interface SmpRequest {
  readonly group: number;
  readonly command: number;
  readonly write: boolean;
  readonly body: ReadonlyMap<string, unknown>;
}

/** A stock MCUmgr target with a file system on a real pseudo terminal, by Zephyr's “SMP Protocol Specification” and its pages for groups 0, 8, 9 and 10. */
export class McumgrTarget {
  readonly files: FileGroup;
  hardwareId: string;
  /** Longest packet that was received. */
  longest = 0;
  readonly #options: TargetOptions;
  readonly #reader: ConsoleReader;
  #peer: PtyPeer | null = null;

  constructor(options: TargetOptions = {}) {
    this.#options = options;
    this.files = new FileGroup(options);
    this.hardwareId = options.hardwareId ?? '0a1b2c3d4e5f6071';
    this.#reader = new ConsoleReader(
      () => options.bufferBytes ?? 384,
      (packet) => this.#packet(packet),
    );
  }

  async start(): Promise<this> {
    this.files.restart();
    this.#peer = await PtyPeer.start('bridge', (bytes) => this.#reader.push(bytes), this.#peer ?? undefined);
    return this;
  }

  get path(): string {
    return this.#peer?.path ?? '';
  }

  async unplug(): Promise<void> {
    await this.#peer?.hangUp();
  }

  async dispose(): Promise<void> {
    await this.#peer?.dispose();
  }

  say(bytes: Uint8Array | string): void {
    this.#peer?.send(bytes);
  }

  #packet(packet: Buffer): void {
    this.longest = Math.max(this.longest, packet.length);
    if (packet.length < 8 || packet.readUInt16BE(2) !== packet.length - 8) return;
    const op = (packet[0] ?? 0) & 7;
    if (op !== 0 && op !== 2) return;
    // Version 1 takes no notice of the bits that ask for version 2.
    const version2 = (((packet[0] ?? 0) >> 3) & 3) === 1 && this.#options.version !== 1;
    const request = {
      group: packet.readUInt16BE(4),
      command: packet.readUInt8(7),
      write: op === 2,
      body: packet.length === 8 ? new Map<string, unknown>() : (decode(packet.subarray(8), { useMaps: true }) as Map<string, unknown>),
    };
    const fate = this.#options.onRequest?.(request, this);
    if (fate === 'unseen') return;
    const answer = this.#answer(request, version2);
    if (answer === null || fate === 'lost') return;
    // Targets of version 1 say that all is well, too.
    const payload = encode(this.#options.version === 1 ? { rc: 0, ...answer } : answer);
    const header = Buffer.from(packet.subarray(0, 8));
    header[0] = (version2 ? 8 : 0) | (op + 1);
    header.writeUInt16BE(payload.length, 2);
    for (const line of linesOf(Buffer.concat([header, payload]))) {
      if (this.#options.logs === true) this.say('[00:00:01.234,000] \x1b[0m<inf> app: still alive\r\n');
      this.say(line);
    }
  }

  #answer(request: SmpRequest, version2: boolean): Answer | null {
    try {
      return this.#handled(request);
    } catch (thrown) {
      if (thrown instanceof SmpError)
        return thrown.rc === MGMT.ENOTSUP && this.#options.silentOnUnknown === true ? null : { rc: thrown.rc };
      if (!(thrown instanceof FileError)) throw thrown;
      return { ...(version2 ? { err: { group: 8, rc: thrown.rc } } : { rc: asVersion1(thrown) }), ...thrown.beside };
    }
  }

  #handled({ group, command, write, body }: SmpRequest): Answer {
    const { groups = [0, 8, 9], enumerates = false, parameters = true, bufferBytes = 384 } = this.#options;
    const about = `${String(group)}/${String(command)}${write ? 'w' : 'r'}`;
    if (about === '10/1r' && enumerates) return { groups: [...groups, 10] };
    if (!groups.includes(group)) throw new SmpError(MGMT.ENOTSUP);
    if (about === '0/6r' && parameters) return { buf_size: bufferBytes, buf_count: 4 };
    const format = body.get('format');
    if (about === '0/7r') return { output: osInfo(typeof format === 'string' ? format : 's') };
    if (about === '9/0w') return this.#shell(body.get('argv'));
    if (group === 8) return this.files.handle(write, command, body);
    throw new SmpError(MGMT.ENOTSUP);
  }

  #shell(argv: unknown): Answer {
    const line = Array.isArray(argv) ? argv.join(' ') : '';
    if (line !== 'hwinfo devid') return { o: `${line}: command not found\n`, ret: -8 };
    return { o: `Length: ${String(this.hardwareId.length / 2)}\nID: 0x${this.hardwareId}\n`, ret: 0 };
  }
}

/** Fields come in the order of this table, whatever the order of the letters. */
function osInfo(format: string): string {
  const fields: readonly [string, string][] = [
    ['s', 'Zephyr'],
    ['n', 'zephyr-0a1b2c'],
    ['r', '3.7.0'],
    ['v', 'v3.7.0'],
    ['m', 'arm'],
    ['p', 'cortex-m33'],
    ['i', 'nrf5340dk_nrf5340_cpuapp'],
    ['o', 'Zephyr'],
  ];
  if (/[^snrvmpioab]/u.test(format)) throw new SmpError(MGMT.EINVAL);
  const all = format.includes('a');
  return fields.flatMap(([letter, text]) => (all || format.includes(letter) ? [text] : [])).join(' ');
}
