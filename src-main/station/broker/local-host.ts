import { delimiter } from 'node:path';
import { Failure } from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import { commonNameOf } from '../verify/index.ts';
import { accessList, passwordFile } from './access-list.ts';
import { isInconclusive } from './canaries.ts';
import type { BrokerEndpoint, CanaryResult, InForce, KickResult, Publication, ServerIdentity, StationIdentities } from './host.ts';
import { Installation, type InstalledFiles } from './installation.ts';
import type { LogLines } from './kick.ts';
import { MosquittoHost } from './mosquitto-host.ts';
import { MosquittoProcess } from './mosquitto-process.ts';
import { isFree } from './port.ts';
import { checkPublication, isSound } from './publication-check.ts';
import { configPath, prepareWorkspace, writeServerFiles } from './workspace.ts';

export interface LocalBrokerHostOptions {
  /** Ours alone (the station's data folder is locked): whatever Mosquitto runs from here is ended at start. */
  readonly dir: string;
  readonly host?: string;
  /** 0: a free one, chosen once and kept in `{dir}/port`. */
  readonly port: number;
  /** Of a second listener, for passwords; null or absent: there is none. */
  readonly passwordPort?: number | null;
  readonly serverCertificatePem: string;
  readonly serverKeyPem: string;
  readonly serverCaPem: string;
  /** A name or address in the server certificate; default `localhost`. */
  readonly serverName?: string;
  readonly identities: StationIdentities;
  readonly clock: Clock;
  /** Where to look for `mosquitto`; default PATH and the sbin folders. */
  readonly searchPath?: string;
}

/** An access list of 20 000 devices stalls 2.0.11 for 12 s (measured). */
const reloadMs = 30_000;
const sbin = ['/usr/local/sbin', '/usr/sbin'];

/** A broker host that is a folder and a Mosquitto started by the station; it ends with the station. */
export class LocalBrokerHost extends MosquittoHost {
  readonly #options: LocalBrokerHostOptions;
  readonly #host: string;
  readonly #installation: Installation;
  #server: Pick<LocalBrokerHostOptions, 'serverCertificatePem' | 'serverKeyPem'>;
  #port: number;
  #process: MosquittoProcess | null = null;
  /** What the running process was given and the canaries found right. */
  #inForce: InstalledFiles | null = null;

  constructor(options: LocalBrokerHostOptions) {
    super(options, { kind: 'local', pauses: { first: 250, most: 30_000 } });
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#server = options;
    this.#port = options.port;
    this.#installation = new Installation(options.dir);
  }

  /** The port is 0 until `start` has settled it. */
  get endpoint(): BrokerEndpoint {
    return {
      host: this.#host,
      port: this.#port,
      serverName: this.#options.serverName ?? 'localhost',
      serverCaPem: this.#options.serverCaPem,
    };
  }

  /** Ends what an earlier life left running. DATA_DENIED, DISK_FULL and BROKER_PORT_BUSY (no port to be had). */
  protected async prepare(): Promise<void> {
    this.#port = await prepareWorkspace({ ...this.#options, ...this.#server, host: this.#host, published: this.#installation.paths });
  }

  /** A session that passed the files in force is left alone. */
  kick(usernames: readonly string[]): Promise<readonly KickResult[]> {
    const context = this.kickContext();
    // No broker, no sessions; the next one begins with the files in force.
    if (context === null) return Promise.resolve(usernames.map((username) => ({ username, ended: 0, ms: 0 })));
    return this.endSessions(usernames, context);
  }

  /** Sessions go on; new ones see the new certificate. The canaries, who check it, are asked; what they find is in the view. */
  useServerCertificate({ certificatePem, keyPem }: ServerIdentity): Promise<void> {
    return this.alone(async () => {
      this.#server = { serverCertificatePem: certificatePem, serverKeyPem: keyPem };
      if (!this.started) return;
      await writeServerFiles(this.#options.dir, this.#server);
      if (this.#process === null) return;
      try {
        await this.#process.reload(reloadMs);
        await this.ask();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.change(this.state, error);
      }
    });
  }

  inForce(): Promise<InForce | null> {
    return this.#installation.read();
  }

  protected async apply(publication: Publication): Promise<CanaryResult> {
    const installed = await this.#installation.read();
    checkPublication(publication, installed?.crls ?? null, this.clock.now());
    // Without a broker nothing can be proven; only the very first publication brings one to life.
    if (!this.started || (this.#process === null && installed !== null)) throw this.failure ?? this.#away();
    const files: InstalledFiles = {
      crls: publication.crls.map(({ pem }) => `${pem.trim()}\n`).join(''),
      clientCas: publication.clientCaPem,
      accessList: accessList(publication, commonNameOf(this.identities.observer.certificatePem)),
      passwords: passwordFile(publication),
    };
    if (sameFiles(files, installed) && sameFiles(files, this.#inForce)) {
      const result = await this.ask();
      if (result.failure === null) return result;
    }
    const isNew = await this.#install(files, installed);
    try {
      return await this.#prove(files);
    } catch (error) {
      // Only what is new is taken back, and only for a wrong answer: never a revocation for the lack of one.
      if (error instanceof Failure && isNew && !isInconclusive(error)) await this.#takeBack(error);
      throw error;
    }
  }

  /** True when there was something to install. When it throws, nothing has changed, on the disk or in the broker. */
  async #install(files: InstalledFiles, installed: InstalledFiles | null): Promise<boolean> {
    if (sameFiles(files, installed)) return false;
    await this.#installation.install(files, installed !== null && isSound(installed));
    return true;
  }

  async #prove(files: InstalledFiles): Promise<CanaryResult> {
    this.#inForce = null;
    const result = await this.#load();
    this.#inForce = files;
    this.change('up', null);
    return result;
  }

  /** Gives the broker the installed files and asks the canaries. CRL_REJECTED when it complains about a file. */
  async #load(): Promise<CanaryResult> {
    const running = this.#process;
    const broker = running ?? (await this.#launch());
    const complaints: string[] = [];
    const stop = broker.listen((line) => line.startsWith('Error') && complaints.push(line));
    try {
      if (running !== null) await broker.reload(reloadMs);
      // What a reload has to say is in the log before the first connection after it: the canaries' own.
      const result = await this.ask();
      if (result.failure !== null) throw result.failure;
      if (complaints.length > 0)
        throw new Failure('CRL_REJECTED', { problem: 'the broker could not read the new files' }, complaints.join('\n'));
      return result;
    } finally {
      stop();
    }
  }

  /** Back to the files before; without any the broker is ended, because one that fails open is worse than none. */
  async #takeBack(failure: Failure): Promise<void> {
    const files = await this.#restored();
    if (files === null) {
      await this.end();
      return this.change('starting', failure);
    }
    try {
      if (this.#process !== null) await this.#prove(files);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    this.change(this.state, failure);
  }

  /** Null when there is nothing to go back to, or the disk does not let us. */
  async #restored(): Promise<InstalledFiles | null> {
    try {
      return (await this.#installation.restore()) ? await this.#installation.read() : null;
    } catch (error) {
      if (error instanceof Failure) return null;
      throw error;
    }
  }

  /** Runs the broker with what is installed; what is damaged gives way to what was in force before it. Without any it stays `starting`. */
  protected async reach(): Promise<void> {
    if (!this.started || this.#process !== null) return;
    try {
      const files = await this.#soundFiles();
      if (files === null) return this.change('starting', this.failure);
      await this.#launch();
      const { failure } = await this.ask();
      this.#inForce = failure === null ? files : null;
      this.change('up', failure);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      await this.end();
      this.lost(error);
    }
  }

  async #soundFiles(): Promise<InstalledFiles | null> {
    const files = await this.#installation.read();
    if (files === null || isSound(files)) return files;
    this.failure = new Failure('CRL_REJECTED', { problem: 'the installed files were damaged' });
    if (!(await this.#installation.restore())) return null;
    const before = await this.#installation.read();
    if (before !== null && isSound(before)) return before;
    await this.#installation.clear();
    return null;
  }

  async #launch(): Promise<MosquittoProcess> {
    const { dir, searchPath = [process.env['PATH'] ?? '', ...sbin].join(delimiter) } = this.#options;
    const where = { host: this.#host, port: this.#port };
    if (!(await isFree(where.host, where.port))) throw new Failure('BROKER_PORT_BUSY', where);
    const broker = await MosquittoProcess.start({ ...where, config: configPath(dir), searchPath, onLine: (line) => this.read(line) });
    this.#process = broker;
    void broker.exited.then(() => {
      if (this.#process === broker) this.lost(new Failure('BROKER_AWAY', { ...where, stage: 'the broker stopped' }, broker.lastWords));
    });
    return broker;
  }

  protected override lost(failure: Failure): void {
    this.#forget();
    super.lost(failure);
  }

  protected async end(): Promise<void> {
    const broker = this.#process;
    this.#forget();
    await broker?.stop();
  }

  #forget(): void {
    this.#process = null;
    this.#inForce = null;
    this.sessions.clear();
    this.kicked.clear();
  }

  protected override async ask(): Promise<CanaryResult> {
    if (this.#process === null) return { at: instant(this.clock.now()), revokedRefused: false, goodAccepted: false, failure: this.#away() };
    const result = await super.ask();
    // It may have died meanwhile, which is said already.
    if (this.#process !== null) this.change(this.state, result.failure);
    return result;
  }

  protected log(): LogLines | null {
    return this.#process;
  }

  protected async watch(): Promise<void> {
    if (this.#process === null) return;
    const { failure } = await this.ask();
    if (failure === null) this.reached();
    const files = this.#inForce;
    if (failure === null || files === null || isInconclusive(failure)) return;
    try {
      await this.#install(files, await this.#installation.read());
      await this.#prove(files);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // It was right once: the next minute tries it again.
      this.#inForce = files;
      this.change(this.state, error);
    }
  }

  #away(): Failure {
    return new Failure('BROKER_AWAY', { host: this.#host, port: this.#port, stage: this.started ? 'not running' : 'not started' });
  }
}

const sameFiles = (a: InstalledFiles, b: InstalledFiles | null): boolean =>
  a.crls === b?.crls && a.clientCas === b.clientCas && a.accessList === b.accessList && a.passwords === b.passwords;
