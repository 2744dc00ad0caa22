import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** Debian's package firmware-microbit-micropython. */
const microbitFirmware = '/usr/share/firmware-microbit-micropython/firmware.hex';
const agentImage = resolve('build/device-agent/mps2-an385/agent.elf');

/** A board in QEMU (Debian: qemu-system-arm); its serial port is a pseudo terminal. */
export class EmulatedBoard {
  readonly #args: readonly string[];
  #process: ChildProcess | null = null;
  #path = '';

  private constructor(args: readonly string[]) {
    this.#args = args;
  }

  /** A micro:bit with its real firmware, MicroPython 1.9.2. */
  static microbit(): EmulatedBoard {
    return new EmulatedBoard(['-M', 'microbit', '-device', `loader,file=${microbitFirmware}`]);
  }

  /** The device agent as firmware of a Cortex-M3 (native/device-agent/example/mps2-an385), with this serial number. */
  static agent(serialNumber: string): EmulatedBoard {
    if (!existsSync(agentImage)) throw new Error(`missing: ${agentImage}; npm test builds it`);
    const told = `enable=on,target=native,arg=agent,arg=${serialNumber}`;
    return new EmulatedBoard(['-M', 'mps2-an385', '-kernel', agentImage, '-semihosting-config', told]);
  }

  /** Where its serial port is once it has started. */
  get path(): string {
    return this.#path;
  }

  async start(): Promise<this> {
    const child = spawn('qemu-system-arm', [...this.#args, '-serial', 'pty', '-display', 'none', '-monitor', 'none'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const said: string[] = [];
    this.#path = await new Promise<string>((found, failed) => {
      child.once('error', failed);
      child.once('exit', () => failed(new Error(`QEMU ended: ${said.join('\n')}`)));
      for (const output of [child.stdout, child.stderr])
        createInterface({ input: output }).on('line', (line) => {
          said.push(line);
          const [pty] = /\/dev\/\S+/u.exec(line) ?? [];
          if (pty !== undefined) found(pty);
        });
    });
    return this;
  }

  async dispose(): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await exited;
  }
}
