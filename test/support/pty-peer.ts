import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = join(import.meta.dirname, 'pty_peer.py');

/** The far end of a pseudo terminal, whose near end is at `path`. */
export class PtyPeer {
  readonly path: string;
  readonly #dir: string;
  readonly #child: ChildProcessWithoutNullStreams;

  private constructor(dir: string, child: ChildProcessWithoutNullStreams) {
    this.#dir = dir;
    this.path = join(dir, 'port');
    this.#child = child;
  }

  /** `deaf`: takes no byte. `printer`: says what `send` gave it without end, whatever it is told. `onData`: what the near end says. */
  static async start(
    mode: 'bridge' | 'deaf' | 'printer',
    onData: (bytes: Buffer) => void = () => undefined,
    again?: PtyPeer,
  ): Promise<PtyPeer> {
    // In the place of one that hung up: the same path, as after a re-plug.
    const dir = again === undefined ? mkdtempSync(join(tmpdir(), 'birthmark-pty-')) : again.#dir;
    const child = spawn('python3', [script, mode, join(dir, 'port')]);
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', onData);
    await new Promise<void>((done, failed) => {
      child.once('exit', () => failed(new Error('python3 could not open a pseudo terminal')));
      child.stderr.once('data', () => done());
    });
    return new PtyPeer(dir, child);
  }

  send(bytes: Uint8Array | string): void {
    this.#child.stdin.write(bytes);
  }

  /** The line hangs up, as when a USB adapter is pulled. Resolves when it is gone. */
  async hangUp(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((done) => this.#child.once('exit', done));
    // First: the number of a terminal that is gone is soon another one's, and a path must not lead there.
    rmSync(this.path, { force: true });
    // Also when it waits for a line that takes no bytes.
    this.#child.kill('SIGKILL');
    await exited;
  }

  async dispose(): Promise<void> {
    await this.hangUp();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** The speed that a line is set to, in baud, also one that has no name. */
export const lineSpeed = (path: string): number => Number(execFileSync('python3', [script, 'speed', path]).toString());

/** Two stop bits (CSTOPB) and RTS/CTS (CRTSCTS), as Linux numbers them. A pseudo terminal keeps neither 7 bits nor a parity. */
export function lineFlags(path: string): { twoStopBits: boolean; rtsCts: boolean } {
  const flags = Number(execFileSync('python3', [script, 'flags', path]).toString());
  return { twoStopBits: (flags & 0x40) !== 0, rtsCts: (flags & 0x80000000) !== 0 };
}
