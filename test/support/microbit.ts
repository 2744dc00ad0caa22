import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Debian's package firmware-microbit-micropython. */
const firmware = '/usr/share/firmware-microbit-micropython/firmware.hex';

/** A micro:bit with its real firmware (MicroPython 1.9.2) in QEMU; its serial port is a pseudo terminal. Debian: qemu-system-arm, firmware-microbit-micropython. */
export class Microbit {
  readonly path: string;
  readonly #process: ChildProcess;

  private constructor(path: string, process: ChildProcess) {
    this.path = path;
    this.#process = process;
  }

  static async start(): Promise<Microbit> {
    const child = spawn(
      'qemu-system-arm',
      ['-M', 'microbit', '-device', `loader,file=${firmware}`, '-serial', 'pty', '-display', 'none', '-monitor', 'none'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const said: string[] = [];
    const path = await new Promise<string>((found, failed) => {
      child.once('error', failed);
      child.once('exit', () => failed(new Error(`QEMU ended: ${said.join('\n')}`)));
      for (const output of [child.stdout, child.stderr])
        createInterface({ input: output }).on('line', (line) => {
          said.push(line);
          const [pty] = /\/dev\/\S+/u.exec(line) ?? [];
          if (pty !== undefined) found(pty);
        });
    });
    return new Microbit(path, child);
  }

  async dispose(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = new Promise((done) => this.#process.once('exit', done));
    this.#process.kill('SIGKILL');
    await exited;
  }
}
