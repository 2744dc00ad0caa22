import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../contract/index.ts';

/** What the signer asked of the PKCS#11 module last, before its process ended. */
export interface LastCall {
  readonly method: string;
  /** Milliseconds after which the process was ended because this call did not return; null when it ended otherwise. */
  readonly hungMs: number | null;
}

/** The file in which the signer of a data folder names each call before it makes it; one that only inspects a module has its own. */
export const lastCallFile = (dataDir: string, inspecting = false): string =>
  join(dataDir, inspecting ? 'inspecting-signer.call' : 'signer.call');

export const lastCallText = ({ method, hungMs }: LastCall): string =>
  `${method.padEnd(40)}${hungMs === null ? '' : ` hung ${String(hungMs)}`}`;

/** Null when there is no such file or no call was made. */
export function readLastCall(path: string): LastCall | null {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return null;
  }
  const match = /^(\w+) *(?: hung (\d+))?$/u.exec(text);
  return match === null ? null : { method: match[1] ?? '', hungMs: match[2] === undefined ? null : Number(match[2]) };
}

/** Steps by which a module begins. One in which it ends the process ends in the same way each time. */
export const startingCalls: readonly string[] = ['load', 'C_Initialize'];

/** Why the signer of this data folder ended without being asked to: TOKEN_HUNG, MODULE_CRASHED, or SERVICE_CRASHED with its last call. */
export function whySignerDied(dataDir: string, inspecting = false): Failure {
  const last = readLastCall(lastCallFile(dataDir, inspecting));
  if (last !== null && last.hungMs !== null) return new Failure('TOKEN_HUNG', { method: last.method, ms: last.hungMs });
  if (last !== null && startingCalls.includes(last.method)) return new Failure('MODULE_CRASHED', { method: last.method });
  return new Failure('SERVICE_CRASHED', { service: 'signer' }, last === null ? undefined : `the module was last asked for ${last.method}`);
}
