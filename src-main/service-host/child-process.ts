import { fork } from 'node:child_process';
import type { Service } from '../contract/index.ts';
import type { Downward, ServiceProcess, SpawnService } from './wire.ts';

export interface ChildProcessOptions {
  /** Entry file of each service. */
  readonly entry: Readonly<Record<Service, string>>;
  /** The Node to run them on; the services need Node 24 or newer. */
  readonly execPath: string;
  readonly onOutput: (service: Service, text: string) => void;
}

/** Services as child processes of plain Node: the CLI, the tests, and the app where Electron's own Node is too old. */
export function childProcessServices(options: ChildProcessOptions): SpawnService {
  return (service): ServiceProcess => {
    const child = fork(options.entry[service], [], {
      execPath: options.execPath,
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const output = (chunk: Buffer): void => options.onOutput(service, chunk.toString('utf8'));
    child.stdout?.on('data', output);
    child.stderr?.on('data', output);
    const exits: ((how: string) => void)[] = [];
    let gone = false;
    const exited = (how: string): void => {
      if (gone) return;
      gone = true;
      for (const listener of exits) listener(how);
    };
    child.once('exit', (code, signal) => exited(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
    child.once('error', (error) => exited(error.message));
    return {
      pid: child.pid,
      send: (message: Downward) => {
        // A message to a child that is just dying has nowhere to go; its exit fails the pending calls.
        if (child.connected) child.send(message, () => undefined);
      },
      onMessage: (listener) => child.on('message', listener),
      onExit: (listener) => (gone ? listener('gone') : void exits.push(listener)),
      kill: () => child.kill('SIGKILL'),
    };
  };
}
