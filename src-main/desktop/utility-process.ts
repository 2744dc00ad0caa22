import { utilityProcess } from 'electron';
import type { Service } from '../contract/index.ts';
import type { ServiceProcess, SpawnService } from '../service-host/index.ts';

export interface UtilityProcessOptions {
  /** Entry file of each service. */
  readonly entry: Readonly<Record<Service, string>>;
  readonly onOutput: (service: Service, text: string) => void;
}

/** Services as Electron's utility processes: the app's own way to run them. */
export function utilityProcessServices(options: UtilityProcessOptions): SpawnService {
  return (service): ServiceProcess => {
    const child = utilityProcess.fork(options.entry[service], [], { serviceName: `Birthmark ${service}`, stdio: 'pipe' });
    const output = (chunk: Buffer): void => options.onOutput(service, chunk.toString('utf8'));
    child.stdout?.on('data', output);
    child.stderr?.on('data', output);
    const exits: ((how: string) => void)[] = [];
    let how: string | null = null;
    child.once('exit', (code) => {
      how = `exit code ${String(code)}`;
      for (const listener of exits) listener(how);
    });
    return {
      get pid(): number | undefined {
        return child.pid;
      },
      send: (message) => {
        if (how === null) child.postMessage(message);
      },
      onMessage: (listener) => child.on('message', (message: unknown) => listener(message)),
      onExit: (listener) => (how === null ? void exits.push(listener) : listener(how)),
      // Electron's own kill asks politely first; a process that hangs in a C call does not hear.
      kill: () => void (child.pid !== undefined && process.kill(child.pid, 'SIGKILL')),
    };
  };
}
