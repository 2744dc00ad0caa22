import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { Failure } from '../contract/index.ts';

const Kept = z.object({ credential: z.string().min(1).max(200) });

/** Where this user's sign-in at a station is kept: outside the data folder, so that no backup has it. */
export function credentialFile(dataDir: string, env: NodeJS.ProcessEnv = process.env): string {
  const station = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16);
  return join(stateFolder(env), 'birthmark', `sign-in-${station}.json`);
}

function stateFolder(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local');
  // The XDG specification: a path that is not absolute is to be ignored.
  const base = env['XDG_STATE_HOME'] ?? '';
  return isAbsolute(base) ? base : join(homedir(), '.local', 'state');
}

/** What a sign-in left for the next commands; null without one. */
export function keptCredential(dataDir: string): string | null {
  try {
    return Kept.parse(JSON.parse(readFileSync(credentialFile(dataDir), 'utf8'))).credential;
  } catch {
    return null;
  }
}

/** For this user alone. DATA_DENIED where it cannot be kept. */
export function keepCredential(dataDir: string, credential: string): void {
  const path = credentialFile(dataDir);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // An old file may have other rights: it is not written over.
    rmSync(path, { force: true });
    writeFileSync(path, `${JSON.stringify({ credential })}\n`, { mode: 0o600, flag: 'wx' });
  } catch (thrown) {
    throw new Failure('DATA_DENIED', { path }, thrown);
  }
}

export function forgetCredential(dataDir: string): void {
  rmSync(credentialFile(dataDir), { force: true });
}
