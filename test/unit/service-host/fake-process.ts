import type { Downward, ServiceProcess } from '../../../src-main/service-host/index.ts';

/** A service process that does what the test says. */
export class FakeProcess implements ServiceProcess {
  readonly pid: number;
  readonly received: Downward[] = [];
  killed = false;
  readonly #messages: ((message: unknown) => void)[] = [];
  readonly #exits: ((how: string) => void)[] = [];
  constructor(pid: number) {
    this.pid = pid;
  }
  send(message: Downward): void {
    this.received.push(message);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#messages.push(listener);
  }
  onExit(listener: (how: string) => void): void {
    this.#exits.push(listener);
  }
  kill(): void {
    this.killed = true;
    this.exit('signal SIGKILL');
  }
  /** Whatever a service may send, which is not always a message. */
  say(message: unknown): void {
    for (const listener of this.#messages) listener(message);
  }
  exit(how = 'signal SIGSEGV'): void {
    for (const listener of this.#exits) listener(how);
  }
}
