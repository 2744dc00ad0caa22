import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Credentials } from '../../src-main/station/devices/index.ts';
import type { SmpProfile } from '../../src-main/station/devices/smp/profile.ts';

const execute = promisify(execFile);

export const agentPath = resolve('build/device-agent/device-agent');

export const referenceProfile: SmpProfile = {
  name: 'reference-agent',
  driver: 'smp',
  key: 'device',
  baudRate: 115_200,
  keyAlgorithm: 'ec-p256',
  exchangeMs: 400,
  stepMs: 20_000,
  jobMs: 60_000,
  replugMs: 2000,
};

export interface AgentOptions {
  readonly hardwareId?: string;
  /** As after `--fault`. */
  readonly faults?: readonly string[];
  /** Where it keeps its memory; the same folder is the same unit's memory. */
  readonly dir?: string;
}

/** A device agent on a pseudo terminal, for one test. */
export class Agent {
  readonly path: string;
  readonly hardwareId: string;
  readonly dir: string;
  #process: ChildProcess | null = null;
  readonly #faults: readonly string[];

  constructor({ hardwareId = 'UNIT-1', faults = [], dir = mkdtempSync(join(tmpdir(), 'birthmark-agent-')) }: AgentOptions = {}) {
    this.hardwareId = hardwareId;
    this.dir = dir;
    this.path = join(dir, 'port');
    this.#faults = faults;
  }

  /** Plugs the unit in. */
  async start(): Promise<this> {
    if (!existsSync(agentPath)) throw new Error(`missing: ${agentPath}; build it with make -C native/device-agent`);
    const state = join(this.dir, 'state');
    mkdirSync(state, { recursive: true });
    const faults = this.#faults.flatMap((fault) => ['--fault', fault]);
    const child = spawn(agentPath, ['--state', state, '--hwid', this.hardwareId, '--link', this.path, ...faults], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process = child;
    await new Promise<void>((done, failed) => {
      child.once('exit', () => failed(new Error('the agent did not start')));
      createInterface({ input: child.stdout }).once('line', () => done());
    });
    return this;
  }

  /** Unplugs it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((done) => child.once('exit', done));
    // A killed agent takes its link with it no more, and the number of its terminal is soon another one's.
    if (signal === 'SIGKILL') rmSync(this.path, { force: true });
    child.kill(signal);
    await exited;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A CA that is good enough for a device that wants certificates for its own key; openssl signs. */
export class TestCa {
  readonly #dir = mkdtempSync(join(tmpdir(), 'birthmark-test-ca-'));
  readonly #certificate: Uint8Array;

  constructor() {
    const subject = ['-subj', '/CN=Test CA', '-days', '2'];
    this.#openssl([
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      ...subject,
    ]);
    this.#certificate = this.#openssl(['x509', '-in', 'ca.pem', '-outform', 'DER']);
  }

  /** Checks the request's own signature and issues a certificate for its key. Never blocks: units are being talked to meanwhile. */
  async issue(request: Uint8Array): Promise<{ credentials: Credentials; spki: Uint8Array }> {
    const file = `${randomUUID()}.der`;
    writeFileSync(join(this.#dir, file), request);
    const input = ['-in', file, '-inform', 'DER'];
    const args = ['x509', '-req', ...input, '-outform', 'DER', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '1'];
    const { stdout: certificate } = await execute('openssl', args, { cwd: this.#dir, encoding: 'buffer' });
    const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
    const broker = { host: '127.0.0.1', port: 8883, clientId: 'acme/T-1', topicBase: 'tenant/acme/device/T-1', serverName: 'localhost' };
    return { credentials: { certificateChain: [certificate, this.#certificate], trustAnchors: [this.#certificate], broker }, spki };
  }

  dispose(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #openssl(args: readonly string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.#dir, stdio: ['ignore', 'pipe', 'ignore'] });
  }
}
