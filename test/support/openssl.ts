import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for files that openssl and certtool read and write. */
export class WorkFolder {
  readonly dir = mkdtempSync(join(tmpdir(), 'birthmark-pki-'));

  path(name: string): string {
    return join(this.dir, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** What the program says on stdout and stderr; `ok` is its exit code being 0. */
  run(
    program: 'openssl' | 'certtool' | 'certutil' | 'crlutil',
    ...args: readonly string[]
  ): { readonly ok: boolean; readonly text: string } {
    const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: this.dir, encoding: 'utf8' });
    if (error !== undefined) throw new Error(`${program} could not be started: ${error.message}`);
    return { ok: status === 0, text: `${stdout}${stderr}` };
  }

  openssl(...args: readonly string[]): { readonly ok: boolean; readonly text: string } {
    return this.run('openssl', ...args);
  }

  /** Like `openssl`, and the output as bytes; a failure throws. */
  bytes(...args: readonly string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** A key made by openssl and a request for it, DER. */
  request(name: string, key: readonly string[] = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], digest = '-sha256'): Buffer {
    return this.bytes(
      'req',
      '-new',
      ...key,
      '-nodes',
      '-keyout',
      this.path(`${name}.key`),
      '-subj',
      `/CN=${name}`,
      digest,
      '-outform',
      'DER',
    );
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
