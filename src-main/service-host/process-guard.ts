import { existsSync } from 'node:fs';
import { say } from '../log/index.ts';

/**
 * For a process that sees PINs, before it sees one: no core files, and on Linux no reading of its memory by other programs of this user
 * (`native/process-guard`). What is not in force is said in the log: a PIN is needed all the same.
 */
export function guardProcess(library: string | null): void {
  const missing = notInForce(library);
  if (missing.length > 0) say('info', 'supervisor', `this process sees PINs, and ${missing.join(' and ')}`);
}

function notInForce(library: string | null): string[] {
  const force = library === null || !existsSync(library) ? 0 : load(library);
  return [
    ...((force & 1) === 0 ? ['may leave a core file'] : []),
    ...((force & 2) === 0 ? ['its memory can be read by other programs of this user'] : []),
  ];
}

function load(library: string): number {
  const module = { exports: 0 };
  process.dlopen(module, library);
  return module.exports;
}
