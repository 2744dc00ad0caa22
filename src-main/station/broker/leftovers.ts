import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** Processes that run Mosquitto with exactly this configuration file: ours from an earlier life, and nobody else's. */
export async function leftovers(config: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await processes()) {
    const args = await commandLine(entry);
    if (args.includes(config) && args.some((arg) => basename(arg) === 'mosquitto')) found.push(Number(entry));
  }
  return found;
}

/** Ends them and waits until they are gone: a broker without its station must not go on admitting devices. */
export async function endLeftovers(config: string): Promise<number> {
  const pids = await leftovers(config);
  for (const pid of pids) kill(pid);
  while ((await leftovers(config)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  return pids.length;
}

/** Where there is no /proc there is no setpriv either, and nothing can be said about other processes. */
async function processes(): Promise<string[]> {
  try {
    return (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  } catch {
    return [];
  }
}

/** Empty for a process that is gone or another user's; a zombie has none either. */
async function commandLine(pid: string): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone in between
  }
}
