import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { newSshKey } from '../../src-main/station/broker/ssh.ts';

export type Upload = Readonly<Record<'crl.pem' | 'client-cas.pem' | 'access-list' | 'password-file' | 'expired', string>>;

/** How the host's command ended: 0, 65 (refused, nothing changed), null (killed), or something worse. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly complaint: string;
}

/** A broker host's folders as install.sh makes them, without servers: Mosquitto's log is a file that the reload command writes to. */
export class HostFolder {
  readonly dir = mkdtempSync(join(tmpdir(), 'birthmark-host-'));
  #uploads = 0;

  constructor(rootPem: string, stations: readonly string[]) {
    writeFileSync(join(this.dir, 'root.pem'), rootPem);
    const log = join(this.dir, 'var/log/mosquitto/mosquitto.log');
    for (const station of stations) {
      writeFileSync(join(this.dir, 'keys'), `${newSshKey('files').publicKey}\n${newSshKey('command').publicKey}\n`);
      const args = ['--station', station, '--keys', join(this.dir, 'keys'), '--root-ca', join(this.dir, 'root.pem'), '--prefix', this.dir];
      execFileSync(resolve('resources/broker/install.sh'), [...args, '--reload', `echo Reloading config. >>${log}`]);
    }
    appendFileSync(log, '');
  }

  get install(): string {
    return join(this.dir, 'etc/mosquitto/birthmark');
  }

  incoming(station: string): string {
    return join(this.dir, 'var/lib/birthmark', station, 'incoming');
  }

  /** As SFTP leaves it: seen at once, and whole. Returns its id. */
  upload(station: string, files: Partial<Upload>): string {
    const id = `u${String((this.#uploads += 1))}`;
    const hidden = join(this.incoming(station), `.new-${id}`);
    mkdirSync(hidden);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(hidden, name), text);
    renameSync(hidden, join(this.incoming(station), id));
    return id;
  }

  /** The forced command, killed before the `count`th command that moves, removes or syncs files; tells whether it came so far. */
  async killedAt(count: number, station: string, ...words: string[]): Promise<boolean> {
    const trap = join(this.dir, 'kill-at');
    // The shell reads it before the script, and then looks at each command, in functions too.
    const changes = '[[ $BASH_COMMAND =~ ^(mv|ln|sync|rm) ]]';
    writeFileSync(trap, `set -T\n_count=0\ntrap '${changes} && (( ++_count == ${String(count)} )) && kill -9 $$' DEBUG\n`);
    return (await this.#run({ BASH_ENV: trap }, station, words)).code === null;
  }

  run(station: string, ...words: string[]): Promise<Ended> {
    return this.#run({}, station, words);
  }

  /** As the forced command of a station's key. */
  overSsh(station: string, command: string): Promise<Ended> {
    return this.#run({ SSH_ORIGINAL_COMMAND: command }, station, []);
  }

  async #run(env: Readonly<Record<string, string>>, station: string, words: readonly string[]): Promise<Ended> {
    const args = [join(this.dir, 'etc/birthmark/broker.conf'), station, ...words];
    try {
      const script = join(this.dir, 'usr/local/lib/birthmark/birthmark-host');
      const { stdout, stderr } = await promisify(execFile)(script, args, { env: { ...process.env, ...env } });
      return { code: 0, out: stdout, complaint: stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number | null; stdout: string; stderr: string };
      return { code, out: stdout, complaint: stderr };
    }
  }

  inForce(name: 'crl.pem' | 'client-cas.pem' | 'access-list' | 'password-file'): string {
    const path = join(this.install, 'current', name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
