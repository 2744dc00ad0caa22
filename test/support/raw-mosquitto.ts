import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findProgram } from '../../src-main/station/broker/mosquitto-process.ts';

/** A Mosquitto with somebody else's configuration, as it could be found anywhere. */
export interface RawMosquitto {
  readonly dir: string;
  readonly port: number;
  readonly ports: readonly number[];
  readonly log: readonly string[];
  rewrite(name: string, text: string): Promise<void>;
  reload(): Promise<void>;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** `conf` gets the free ports it asks for, as many as it takes arguments, and the folder with `files` as working directory. */
export async function rawMosquitto(
  conf: (...ports: number[]) => readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<RawMosquitto> {
  const dir = await mkdtemp(join(tmpdir(), 'birthmark-raw-'));
  const ports: number[] = [];
  for (let count = 0; count < conf.length; count++) ports.push(await freePort());
  const asRoot = process.getuid?.() === 0 ? ['user root'] : [];
  await writeFile(
    join(dir, 'mosquitto.conf'),
    [...asRoot, 'log_dest stderr', 'log_type all', 'log_timestamp false', ...conf(...ports), ''].join('\n'),
  );
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
  const program = findProgram('mosquitto', ['/usr/sbin', '/usr/local/sbin', process.env['PATH'] ?? ''].join(delimiter)) ?? 'mosquitto';
  const child = spawn(program, ['-c', 'mosquitto.conf'], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  const listeners = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log.push(...text.split('\n').filter((line) => line !== ''));
    for (const listener of [...listeners]) listener();
  });
  const said = (words: string, from: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!log.slice(from).some((line) => line.includes(words))) return;
        listeners.delete(look);
        resolve();
      };
      child.once('exit', () => reject(new Error(`mosquitto ended: ${log.join('\n')}`)));
      listeners.add(look);
      look();
    });
  await said(' running', 0);
  return {
    dir,
    port: ports[0] ?? 0,
    ports,
    log,
    rewrite: (name, text) => writeFile(join(dir, name), text, { mode: 0o600 }),
    reload: () => {
      const from = log.length;
      child.kill('SIGHUP');
      return said('Reloading config.', from);
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}
