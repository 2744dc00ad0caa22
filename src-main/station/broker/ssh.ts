import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import type { Client, SFTPWrapper } from 'ssh2';
import { Failure, unwrap, type RemoteHost } from '../../contract/index.ts';

/** Private keys in OpenSSH's form: one may put files into the station's folder, the other may run the one command. */
export interface SshKeys {
  readonly files: string;
  readonly command: string;
}

const readyMs = 10_000;
/** What the host is asked for, and how long that may take: what takes longer hangs, and must be told from what is slow. */
interface Limit {
  readonly what: string;
  readonly ms: number;
}
const toUpload: Limit = { what: 'to take the files', ms: 60_000 };
const toFollow: Limit = { what: 'for the log of Mosquitto', ms: 15_000 };
const quick: Limit = { what: 'a question', ms: 15_000 };
const limits: Readonly<Record<string, Limit>> = {
  // It checks a CRL of 100 000 entries in seconds, and waits half a minute for the reload of other stations' files.
  publish: { what: 'to put the files in force', ms: 90_000 },
  restore: { what: 'to go back to the files before', ms: 90_000 },
  show: { what: 'for the files in force', ms: 30_000 },
  time: { what: 'for its time', ms: 15_000 },
};
/** Exit codes of birthmark-host. */
const rejected = 65;

/** As `ssh-keygen -l` prints it. */
export const fingerprintOf = (hostKey: Buffer): string =>
  `SHA256:${createHash('sha256').update(hostKey).digest('base64').replace(/=+$/u, '')}`;

/** A new pair, and the line for authorized_keys. */
export function newSshKey(comment: string): { readonly privateKey: string; readonly publicKey: string } {
  const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  return { privateKey, publicKey };
}

/** The host key that a server shows, whoever it is; nothing is said to it. BROKER_AWAY. */
export async function hostKeyOf(at: Pick<RemoteHost, 'host' | 'sshPort'>): Promise<string> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.once('error', (error) => reject(away(at, error)));
    client.connect({
      host: at.host,
      port: at.sshPort,
      username: 'nobody',
      readyTimeout: readyMs,
      hostVerifier: (key: Buffer) => {
        resolve(fingerprintOf(key));
        client.destroy();
        return false;
      },
    });
  });
}

/** What a station does on a remote broker host: two keys, two things. Each call is a connection of its own. */
export class SshLink {
  readonly #at: RemoteHost;
  readonly #keys: SshKeys;
  readonly #open = new Set<Client>();
  /** Of each connection: rejects when it is gone. */
  readonly #lost = new WeakMap<Client, Promise<never>>();

  constructor(at: RemoteHost, keys: SshKeys) {
    this.#at = at;
    this.#keys = keys;
  }

  /** All files under `id`, synced, visible at once and whole. BROKER_AWAY, HOST_KEY_CHANGED, SSH_REFUSED, DISK_FULL. */
  async upload(id: string, files: Readonly<Record<string, string>>): Promise<void> {
    const client = await this.#connect(this.#at.filesUser, this.#keys.files);
    try {
      const sftp = await this.#once<SFTPWrapper>(client, toUpload, (done) => client.sftp(done));
      const hidden = `.new-${id}`;
      await this.#once(client, toUpload, (done) => sftp.mkdir(hidden, done));
      // At once: each takes several answers, and the host may be far away.
      await Promise.all(Object.entries(files).map(([name, text]) => this.#write(client, sftp, `${hidden}/${name}`, text)));
      // SFTP's own rename does not replace; the extension does what rename(2) does.
      await this.#once(client, toUpload, (done) => sftp.ext_openssh_rename(hidden, id, done));
    } catch (error) {
      throw this.#explained(error);
    } finally {
      client.end();
    }
  }

  async #write(client: Client, sftp: SFTPWrapper, path: string, text: string): Promise<void> {
    await this.#once(client, toUpload, (done) => sftp.writeFile(path, text, done));
    const handle = await this.#once<Buffer>(client, toUpload, (done) => sftp.open(path, 'r+', done));
    await this.#once(client, toUpload, (done) => sftp.ext_openssh_fsync(handle, done));
    await this.#once(client, toUpload, (done) => sftp.close(handle, done));
  }

  /** Standard output of one command. CRL_REJECTED with the host's reason, BROKER_HOST_FAILED, or why the host was not reached. */
  async run(command: string): Promise<string> {
    const client = await this.#connect(this.#at.commandUser, this.#keys.command);
    try {
      const said = new Promise<string>((resolve, reject) => {
        client.exec(command, (error, channel) => {
          if (error !== undefined) return reject(error);
          let [out, complaint] = ['', ''];
          channel.setEncoding('utf8').on('data', (text: string) => (out += text));
          channel.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
          channel.once('close', (code: number | null) => {
            if (code === 0) resolve(out);
            else reject(failed(code, complaint.trim()));
          });
        });
      });
      return await this.#whileConnected(client, said, limits[command.split(' ')[0] ?? ''] ?? quick);
    } catch (error) {
      throw this.#explained(error);
    } finally {
      client.end();
    }
  }

  /** Calls back with each line of a command that does not end. Resolves when it runs; `ended` when it does not any more. */
  async follow(command: string, onLine: (line: string) => void): Promise<{ readonly ended: Promise<void>; close(): void }> {
    const client = await this.#connect(this.#at.commandUser, this.#keys.command);
    try {
      const channel = await this.#once<ssh2.ClientChannel>(client, toFollow, (done) => client.exec(command, done));
      let rest = '';
      channel.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      });
      const ended = new Promise<void>((resolve) => {
        channel.once('close', () => {
          client.end();
          resolve();
        });
        client.once('close', () => resolve());
      });
      return { ended, close: () => client.destroy() };
    } catch (error) {
      client.end();
      throw this.#explained(error);
    }
  }

  /** Whatever is under way is given up. */
  abort(): void {
    for (const client of this.#open) client.destroy();
  }

  async #connect(username: string, privateKey: string): Promise<Client> {
    const { host, sshPort: port, hostKey } = this.#at;
    const client = new ssh2.Client();
    let found = hostKey;
    try {
      await new Promise<void>((resolve, reject) => {
        client.once('ready', resolve);
        client.on('error', reject);
        client.once('close', () => reject(away(this.#at, new Error('the connection was closed'))));
        client.connect({
          host,
          port,
          username,
          privateKey,
          readyTimeout: readyMs,
          keepaliveInterval: 10_000,
          hostVerifier: (key: Buffer) => {
            found = fingerprintOf(key);
            return found === hostKey;
          },
        });
      });
      const lost = new Promise<never>((_, reject) => {
        client.once('close', () => reject(away(this.#at, new Error('the connection was lost'))));
      });
      // Nobody may be waiting for anything when it goes.
      lost.catch(() => undefined);
      this.#lost.set(client, lost);
      this.#open.add(client);
      client.once('close', () => this.#open.delete(client));
      return client;
    } catch (error) {
      client.destroy();
      if (found !== hostKey) throw new Failure('HOST_KEY_CHANGED', { host, expected: hostKey, found });
      throw this.#explained(error);
    }
  }

  /** The callbacks of ssh2 as a promise. A connection that is lost never calls them, and one that hangs is given up. */
  async #once<T = void>(
    client: Client,
    limit: Limit,
    call: (done: (error: Error | null | undefined, value?: T) => void) => unknown,
  ): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      call((error, value) => (error instanceof Error ? reject(error) : resolve(value as T)));
    });
    return this.#whileConnected(client, answer, limit);
  }

  /** BROKER_AWAY when the connection goes first, TIMEOUT when there is no end. */
  async #whileConnected<T>(client: Client, answer: Promise<T>, { what, ms }: Limit): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Failure('TIMEOUT', { what: `The broker host ${this.#at.host}, asked ${what},`, ms }));
        client.destroy();
      }, ms);
    });
    try {
      return await Promise.race([answer, late, unwrap(this.#lost.get(client), 'a client that was connected')]);
    } finally {
      clearTimeout(timer);
    }
  }

  #explained(error: unknown): unknown {
    if (error instanceof Failure) return error;
    const level = error instanceof Error && 'level' in error ? error.level : null;
    if (level === 'client-authentication') return new Failure('SSH_REFUSED', { host: this.#at.host }, error);
    // SFTP has one word for a full disk and for much else (SSH_FX_FAILURE, 4); 2 and 3 are about the folder and its rights.
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 2 || code === 3 || code === 4)
      return new Failure('BROKER_HOST_FAILED', { problem: 'it did not take the files: no folder, no rights, or no space' }, error);
    return away(this.#at, error);
  }
}

const away = ({ host, sshPort }: Pick<RemoteHost, 'host' | 'sshPort'>, error: unknown): Failure =>
  new Failure('BROKER_AWAY', { host, port: sshPort, stage: 'SSH' }, error);

function failed(code: number | null, complaint: string): Failure {
  const problem = complaint.replace(/^(REJECTED|FAILED) /u, '');
  if (code === rejected) return new Failure('CRL_REJECTED', { problem: `the broker host says: ${problem}` });
  return new Failure('BROKER_HOST_FAILED', { problem: problem === '' ? `its command ended with ${String(code)}` : problem });
}
