import type { Service } from '../contract/index.ts';
import { parsed, Upward, type Downward, type ServiceProcess, type SpawnService } from './wire.ts';

export interface SecondHostOptions {
  readonly first: SpawnService;
  readonly second: SpawnService;
  readonly onMove: (service: Service, how: string) => void;
}

/**
 * Starts services on the first host. One that ends there before its first message (a native module that does not load in that
 * runtime) is started on the second, with all that it was told, and from then on always there. Whoever waits for it notices nothing.
 */
export function withSecondHost({ first, second, onMove }: SecondHostOptions): SpawnService {
  const moved = new Set<Service>();
  return (service) => {
    if (moved.has(service)) return second(service);
    return new MovableProcess(first(service), (how) => {
      moved.add(service);
      onMove(service, how);
      return second(service);
    });
  };
}

class MovableProcess implements ServiceProcess {
  readonly #move: (how: string) => ServiceProcess;
  readonly #messageListeners: ((message: unknown) => void)[] = [];
  readonly #exitListeners: ((how: string) => void)[] = [];
  #process: ServiceProcess;
  /** All that was sent, until the process answers or is to end. */
  #told: Downward[] | null = [];
  #ended: string | null = null;

  constructor(process: ServiceProcess, move: (how: string) => ServiceProcess) {
    this.#move = move;
    this.#process = process;
    process.onMessage((message) => this.#answered(message));
    process.onExit((how) => this.#firstEnded(how));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  send(message: Downward): void {
    if (message.kind === 'stop') this.#told = null;
    this.#told?.push(message);
    this.#process.send(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#messageListeners.push(listener);
  }

  onExit(listener: (how: string) => void): void {
    if (this.#ended === null) this.#exitListeners.push(listener);
    else listener(this.#ended);
  }

  kill(): void {
    this.#told = null;
    this.#process.kill();
  }

  #answered(message: unknown): void {
    // The last words of a process that cannot work here are no answer.
    if (parsed(Upward, message)?.kind !== 'log') this.#told = null;
    for (const listener of this.#messageListeners) listener(message);
  }

  #firstEnded(how: string): void {
    if (this.#told === null) {
      this.#exited(how);
      return;
    }
    const told = this.#told;
    this.#told = null;
    this.#process = this.#move(how);
    this.#process.onMessage((message) => this.#answered(message));
    this.#process.onExit((second) => this.#exited(second));
    for (const message of told) this.#process.send(message);
  }

  #exited(how: string): void {
    this.#ended = how;
    for (const listener of this.#exitListeners) listener(how);
  }
}
