import { delimiter } from 'node:path';
import { Failure, toFailureData, type BrokerView } from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import { commonNameOf } from '../verify/index.ts';
import { askCanaries, isInconclusive } from './canaries.ts';
import type {
  BrokerEndpoint,
  BrokerHost,
  CanaryResult,
  InForce,
  KickResult,
  Publication,
  ServerIdentity,
  StationIdentities,
} from './host.ts';
import { Installation, type InstalledFiles } from './installation.ts';
import { kickSessions, takeOver, type KickContext } from './kick.ts';
import { accessList } from './mosquitto-files.ts';
import { MosquittoProcess } from './mosquitto-process.ts';
import { isFree } from './port.ts';
import { checkPublication, isSound } from './publication-check.ts';
import { PublicationQueue } from './publication-queue.ts';
import { SessionLog, type LiveSession } from './session-log.ts';
import { configPath, prepareWorkspace, writeServerFiles } from './workspace.ts';

export interface LocalBrokerHostOptions {
  /** Ours alone (the station's data folder is locked): whatever Mosquitto runs from here is ended at start. */
  readonly dir: string;
  readonly host?: string;
  /** 0: a free one, chosen once and kept in `{dir}/port`. */
  readonly port: number;
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

const canaryEveryMs = 60_000;
const canaryMs = 10_000;
/** An access list of 20 000 devices stalls 2.0.11 for 12 s (measured). */
const reloadMs = 30_000;
const restartMs = { first: 250, most: 30_000 } as const;
const sbin = ['/usr/local/sbin', '/usr/sbin'];

/** A broker host that is a folder and a Mosquitto started by the station; it ends with the station. */
export class LocalBrokerHost implements BrokerHost {
  readonly #options: LocalBrokerHostOptions;
  readonly #host: string;
  readonly #installation: Installation;
  readonly #sessions = new SessionLog();
  readonly #queue: PublicationQueue;
  readonly #listeners = new Set<(view: BrokerView) => void>();
  /** Usernames and the reload that their connections must not be older than. */
  readonly #kicked = new Map<string, number>();
  #server: Pick<LocalBrokerHostOptions, 'serverCertificatePem' | 'serverKeyPem'>;
  #port: number;
  #process: MosquittoProcess | null = null;
  /** What the running process was given and the canaries found right. */
  #inForce: InstalledFiles | null = null;
  #state: BrokerView['state'] = 'starting';
  #since: string;
  #failure: Failure | null = null;
  #canary: CanaryResult | null = null;
  #started = false;
  #pause: number = restartMs.first;
  #restart: NodeJS.Timeout | undefined;
  #canaryTimer: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LocalBrokerHostOptions) {
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#server = options;
    this.#port = options.port;
    this.#since = instant(options.clock.now());
    this.#installation = new Installation(options.dir);
    this.#queue = new PublicationQueue(
      (publication) => this.#alone(() => this.#apply(publication)),
      () => this.#tell(),
    );
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

  view(): BrokerView {
    const canary = this.#canary;
    return {
      name: 'local',
      kind: 'local',
      state: this.#state,
      host: this.#host,
      port: this.#port,
      since: this.#since,
      canary: canary === null ? null : { at: canary.at, revokedRefused: canary.revokedRefused, goodAccepted: canary.goodAccepted },
      waiting: this.#queue.waiting,
      waitingSince: this.#queue.since === null ? null : instant(this.#queue.since),
      failure: this.#failure === null ? null : toFailureData(this.#failure),
    };
  }

  onChange(listener: (view: BrokerView) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Ends what an earlier life left running, then runs the broker with the files that were in force; without any it stays
   * `starting` until the first publication. A broker that cannot run is no error here: the view says why, and it is tried
   * again. DATA_DENIED, DISK_FULL and BROKER_PORT_BUSY (no port to be had) are.
   */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#port = await prepareWorkspace({ ...this.#options, ...this.#server, host: this.#host, published: this.#installation.paths });
    this.#started = true;
    this.#pause = restartMs.first;
    this.#canaryTimer = setInterval(() => void this.#alone(() => this.#watch()), canaryEveryMs).unref();
    await this.#alone(() => this.#revive());
  }

  async stop(): Promise<void> {
    this.#started = false;
    clearInterval(this.#canaryTimer);
    clearTimeout(this.#restart);
    await this.#alone(() => this.#end());
    this.#change('away', null);
  }

  publish(publication: Publication): Promise<CanaryResult> {
    return this.#queue.add(publication, this.#options.clock.now());
  }

  /**
   * Ends the sessions that were let in before the last reload, and those that begin later on a connection which the broker
   * had accepted before it. A session that passed the files in force is left alone.
   */
  async kick(usernames: readonly string[]): Promise<readonly KickResult[]> {
    const context = this.#kickContext();
    // No broker, no sessions; the next one begins with the files in force.
    if (context === null) return usernames.map((username) => ({ username, ended: 0, ms: 0 }));
    const before = this.#sessions.generation;
    for (const username of usernames) this.#kicked.set(username, before);
    return kickSessions(usernames, before, context);
  }

  /** Sessions go on; new ones see the new certificate. The canaries, who check it, are asked; what they find is in the view. */
  useServerCertificate({ certificatePem, keyPem }: ServerIdentity): Promise<void> {
    return this.#alone(async () => {
      this.#server = { serverCertificatePem: certificatePem, serverKeyPem: keyPem };
      if (!this.#started) return;
      await writeServerFiles(this.#options.dir, this.#server);
      if (this.#process === null) return;
      try {
        await this.#process.reload(reloadMs);
        await this.#ask();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#change(this.#state, error);
      }
    });
  }

  canaries(): Promise<CanaryResult> {
    return this.#alone(() => this.#ask());
  }

  inForce(): Promise<InForce | null> {
    return this.#installation.read();
  }

  async #apply(publication: Publication): Promise<CanaryResult> {
    const { clock, identities } = this.#options;
    const installed = await this.#installation.read();
    checkPublication(publication, installed?.crls ?? null, clock.now());
    // Without a broker nothing can be proven; only the very first publication brings one to life.
    if (!this.#started || (this.#process === null && installed !== null)) throw this.#failure ?? this.#away();
    const files: InstalledFiles = {
      crls: publication.crls.map(({ pem }) => `${pem.trim()}\n`).join(''),
      clientCas: publication.clientCaPem,
      accessList: accessList(publication.devices, commonNameOf(identities.observer.certificatePem)),
    };
    if (sameFiles(files, installed) && sameFiles(files, this.#inForce)) {
      const result = await this.#ask();
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
    this.#change('up', null);
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
      const result = await this.#ask();
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
      await this.#end();
      return this.#change('starting', failure);
    }
    try {
      if (this.#process !== null) await this.#prove(files);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    this.#change(this.#state, failure);
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

  /** Runs the broker with what is installed; what is damaged gives way to what was in force before it. */
  async #revive(): Promise<void> {
    if (!this.#started || this.#process !== null) return;
    try {
      const files = await this.#soundFiles();
      if (files === null) return this.#change('starting', this.#failure);
      await this.#launch();
      const { failure } = await this.#ask();
      this.#inForce = failure === null ? files : null;
      this.#change('up', failure);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      await this.#end();
      this.#lost(error);
    }
  }

  async #soundFiles(): Promise<InstalledFiles | null> {
    const files = await this.#installation.read();
    if (files === null || isSound(files)) return files;
    this.#failure = new Failure('CRL_REJECTED', { problem: 'the installed files were damaged' });
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
    const broker = await MosquittoProcess.start({ ...where, config: configPath(dir), searchPath, onLine: (line) => this.#read(line) });
    this.#process = broker;
    void broker.exited.then(() => {
      if (this.#process === broker) this.#lost(new Failure('BROKER_AWAY', { ...where, stage: 'the broker stopped' }, broker.lastWords));
    });
    return broker;
  }

  /** The broker is gone: say so, and try again with growing pauses. */
  #lost(failure: Failure): void {
    this.#process = null;
    this.#inForce = null;
    this.#sessions.clear();
    this.#kicked.clear();
    this.#change('away', failure);
    if (!this.#started) return;
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => void this.#alone(() => this.#revive()), this.#pause);
    this.#pause = Math.min(this.#pause * 2, restartMs.most);
  }

  async #end(): Promise<void> {
    const broker = this.#process;
    this.#process = null;
    this.#inForce = null;
    this.#sessions.clear();
    this.#kicked.clear();
    await broker?.stop();
  }

  #read(line: string): void {
    const begun = this.#sessions.read(line);
    if (begun !== null && begun.generation < (this.#kicked.get(begun.username) ?? 0)) this.#endLate(begun);
  }

  /** A handshake from before the reload that sends its CONNECT only now. */
  #endLate(session: LiveSession): void {
    const context = this.#kickContext();
    if (context === null) return;
    takeOver(session, context).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      if (this.#sessions.of(session.username).includes(session)) this.#change(this.#state, error);
    });
  }

  #kickContext(): KickContext | null {
    const { observer } = this.#options.identities;
    return this.#process === null ? null : { endpoint: this.endpoint, observer, process: this.#process, sessions: this.#sessions };
  }

  async #ask(): Promise<CanaryResult> {
    const { identities, clock } = this.#options;
    const away: CanaryResult = { at: instant(clock.now()), revokedRefused: false, goodAccepted: false, failure: this.#away() };
    const result = this.#process === null ? away : await askCanaries(this.endpoint, identities, clock, canaryMs);
    this.#canary = result;
    if (this.#process !== null) this.#change(this.#state, result.failure);
    return result;
  }

  /** Each minute: is what was proven still so? What somebody else changed since is put back. */
  async #watch(): Promise<void> {
    if (this.#process === null) return;
    const { failure } = await this.#ask();
    if (failure === null) this.#pause = restartMs.first;
    const files = this.#inForce;
    if (failure === null || files === null || isInconclusive(failure)) return;
    try {
      await this.#install(files, await this.#installation.read());
      await this.#prove(files);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // It was right once: the next minute tries it again.
      this.#inForce = files;
      this.#change(this.#state, error);
    }
  }

  #away(): Failure {
    return new Failure('BROKER_AWAY', { host: this.#host, port: this.#port, stage: this.#started ? 'not running' : 'not started' });
  }

  #change(state: BrokerView['state'], failure: Failure | null): void {
    if (state !== this.#state) this.#since = instant(this.#options.clock.now());
    this.#state = state;
    this.#failure = failure;
    this.#tell();
  }

  #tell(): void {
    const view = this.view();
    for (const listener of [...this.#listeners]) listener(view);
  }

  /** One change of the broker at a time: publications, canaries, restarts. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

const sameFiles = (a: InstalledFiles, b: InstalledFiles | null): boolean =>
  a.crls === b?.crls && a.clientCas === b.clientCas && a.accessList === b.accessList;
