import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';
import { PtyPeer } from './pty-peer.ts';

interface Interpreter {
  registerJsModule(name: string, module: object): void;
  runPython(code: string): unknown;
  replInit(): void;
  replProcessChar(char: number): number;
}

export interface BoardOptions {
  readonly uniqueId?: string;
  /**
   * What the board does when it is asked for raw-paste. The interpreter's own answer would block this process (its build for browsers has no serial input to
   * wait for), so raw-paste is done here by the written protocol and handed to it as plain raw mode.
   */
  readonly paste?: 'window' | 'refused' | 'unknown' | 'silent';
  /** Sees each byte first; true: it is lost. */
  readonly onByte?: (byte: number, board: MicroPythonBoard) => boolean;
}

/** A real MicroPython (its WebAssembly build) behind a pseudo terminal: REPL, raw mode and files are its own. */
export class MicroPythonBoard {
  readonly python: Interpreter;
  uniqueId: Uint8Array;
  readonly #options: BoardOptions;
  #peer: PtyPeer | null = null;
  /** How often code came by raw-paste. */
  pastes = 0;
  #asked: number[] = [];
  #pasted: number[] | null = null;
  #swallow = 0;
  /** Most bytes that came before it had said anything to them. */
  mostUnanswered = 0;
  #unanswered = 0;

  private constructor(python: Interpreter, options: BoardOptions) {
    this.python = python;
    this.#options = options;
    this.uniqueId = Buffer.from(options.uniqueId ?? 'e6614103e7452d2f', 'hex');
  }

  static async start(options: BoardOptions = {}): Promise<MicroPythonBoard> {
    const made: { board?: MicroPythonBoard } = {};
    const stdout = (bytes: Uint8Array | number): void => made.board?.hear(typeof bytes === 'number' ? Buffer.of(bytes) : bytes);
    const python = (await loadMicroPython({ stdout, linebuffer: false })) as Interpreter;
    const board = new MicroPythonBoard(python, options);
    made.board = board;
    // The one thing that a build for browsers lacks.
    python.registerJsModule('machine', { unique_id: () => board.uniqueId });
    await board.plug();
    python.replInit();
    return board;
  }

  get path(): string {
    return this.#peer?.path ?? '';
  }

  async plug(): Promise<void> {
    this.#asked = [];
    this.#pasted = null;
    this.#swallow = 0;
    this.#peer = await PtyPeer.start('bridge', (bytes) => this.#receive(bytes), this.#peer ?? undefined);
  }

  async unplug(): Promise<void> {
    await this.#peer?.hangUp();
  }

  async dispose(): Promise<void> {
    await this.#peer?.dispose();
  }

  say(bytes: Uint8Array | string): void {
    if (bytes.length > 0) this.#unanswered = 0;
    this.#peer?.send(bytes);
  }

  /** The content of a file on the board; null when it is not there. */
  file(path: string): Buffer | null {
    this.python.runPython(`
try:
 with open('${path}', 'rb') as found: content = ''.join(['%02x' % c for c in found.read()])
except OSError: content = None
`);
    const content = (this.python as unknown as { globals: { get(name: string): string | null } }).globals.get('content');
    return content === null || content === undefined ? null : Buffer.from(content, 'hex');
  }

  #receive(bytes: Buffer): void {
    for (const byte of bytes) if (this.#options.onByte?.(byte, this) !== true) this.#byte(byte);
  }

  #byte(byte: number): void {
    this.mostUnanswered = Math.max(this.mostUnanswered, (this.#unanswered += 1));
    if (this.#pasted !== null) return this.#pasteByte(byte, this.#pasted);
    if (byte === 0x05 || this.#asked.length > 0) {
      this.#asked.push(byte);
      if (this.#asked.length < 3) return;
      this.#asked = [];
      return this.#pasteAsked();
    }
    this.python.replProcessChar(byte);
  }

  #pasteAsked(): void {
    const { paste = 'window' } = this.#options;
    if (paste === 'refused') this.say('R\0');
    // A board from before raw-paste sees a CTRL-A: it enters raw mode once more.
    if (paste === 'unknown') this.python.replProcessChar(0x01);
    if (paste !== 'window') return;
    this.say(Buffer.from([0x52, 1, WINDOW, 0]));
    this.#pasted = [];
    this.pastes += 1;
  }

  #pasteByte(byte: number, code: number[]): void {
    if (byte !== 0x04) {
      code.push(byte);
      if (code.length % WINDOW === 0) this.say(Buffer.of(0x01));
      return;
    }
    this.#pasted = null;
    this.say(Buffer.of(0x04));
    this.#swallow = 2;
    for (const one of [...code, 0x04]) this.python.replProcessChar(one);
  }

  /** What the interpreter says; the OK of plain raw mode is not part of raw-paste. */
  hear(bytes: Uint8Array): void {
    const skipped = Math.min(this.#swallow, bytes.length);
    this.#swallow -= skipped;
    this.say(bytes.subarray(skipped));
  }
}

const WINDOW = 32;
