import { randomUUID } from 'node:crypto';
import { Failure, toFailureData, type BrokerView, type RemoteHost } from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import { commonNameOf } from '../verify/index.ts';
import { askCanaries, isInconclusive } from './canaries.ts';
import type { BrokerEndpoint, BrokerHost, CanaryResult, InForce, KickResult, Publication, StationIdentities } from './host.ts';
import { catchUp, kickSessions, takeOver, type KickContext } from './kick.ts';
import { accessList } from './mosquitto-files.ts';
import { checkPublication } from './publication-check.ts';
import { PublicationQueue } from './publication-queue.ts';
import { RemoteLog } from './remote-log.ts';
import { SessionLog, type LiveSession } from './session-log.ts';
import { SshLink, type SshKeys } from './ssh.ts';

export interface RemoteBrokerHostOptions {
  readonly at: RemoteHost;
  readonly keys: SshKeys;
  readonly serverCaPem: string;
  readonly identities: StationIdentities;
  readonly clock: Clock;
}

const canaryEveryMs = 60_000;
const canaryMs = 10_000;
const reconnectMs = { first: 1_000, most: 60_000 } as const;

/**
 * A broker host that an administrator runs: files go there by SFTP, one command puts them in force, Mosquitto's log says when, and the
 * canaries say whether. What it does not take, or what they find wrong, leaves it as it was.
 */
export class RemoteBrokerHost implements BrokerHost {
  readonly #options: RemoteBrokerHostOptions;
  readonly #link: SshLink;
  readonly #log = new RemoteLog();
  readonly #sessions = new SessionLog();
  readonly #queue: PublicationQueue;
  readonly #listeners = new Set<(view: BrokerView) => void>();
  /** Usernames and the reload that their connections must not be older than. */
  readonly #kicked = new Map<string, number>();
  /** CRLs that this station has put in force since it runs; the host keeps its own account of them. */
  #inForce: string | null = null;
  #files: string | null = null;
  #last: Publication | null = null;
  #state: BrokerView['state'] = 'starting';
  #since: string;
  #failure: Failure | null = null;
  #canary: CanaryResult | null = null;
  #started = false;
  #pause: number = reconnectMs.first;
  #timer: NodeJS.Timeout | undefined;
  #canaryTimer: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RemoteBrokerHostOptions) {
    this.#options = options;
    this.#link = new SshLink(options.at, options.keys);
    this.#since = instant(options.clock.now());
    this.#queue = new PublicationQueue(
      (publication) => this.#alone(() => this.#apply(publication)),
      () => this.#tell(),
    );
  }

  get endpoint(): BrokerEndpoint {
    const { host, port, serverName } = this.#options.at;
    return { host, port, serverName: serverName ?? host, serverCaPem: this.#options.serverCaPem };
  }

  view(): BrokerView {
    const { at } = this.#options;
    const canary = this.#canary;
    return {
      name: at.host,
      kind: 'remote',
      state: this.#state,
      host: at.host,
      port: at.port,
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

  /** Resolves after the first try to reach it; a host that is away is no error: the view says why, and it is tried again. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#canaryTimer = setInterval(() => void this.#alone(() => this.#watch()), canaryEveryMs).unref();
    await this.#alone(() => this.#reach());
  }

  async stop(): Promise<void> {
    this.#started = false;
    clearInterval(this.#canaryTimer);
    clearTimeout(this.#timer);
    await this.#alone(() => Promise.resolve(this.#log.close()));
    this.#change('away', null);
  }

  publish(publication: Publication): Promise<CanaryResult> {
    return this.#queue.add(publication, this.#options.clock.now());
  }

  /** As on the local host: the log names the sessions, and a second client with the same client id ends them. */
  async kick(usernames: readonly string[]): Promise<readonly KickResult[]> {
    const context = this.#kickContext();
    if (context === null) throw this.#failure ?? this.#away();
    // The log comes with a delay: the reload is in it when something that came later is.
    await catchUp(context);
    const before = this.#sessions.generation;
    for (const username of usernames) this.#kicked.set(username, before);
    return kickSessions(usernames, before, context);
  }

  canaries(): Promise<CanaryResult> {
    return this.#alone(() => this.#ask());
  }

  async inForce(): Promise<InForce | null> {
    const text = await this.#link.run('show');
    const start = text.indexOf('-----BEGIN X509 CRL-----');
    const end = text.lastIndexOf('-----END X509 CRL-----\n');
    if (start < 0 || end < 0) return null;
    const after = end + '-----END X509 CRL-----\n'.length;
    return { crls: text.slice(start, after), accessList: text.slice(after) };
  }

  async #reach(): Promise<void> {
    if (!this.#started || this.#log.isOpen) return;
    try {
      this.#sessions.clear();
      await this.#log.open(
        this.#link,
        (line) => this.#read(line),
        () => this.#lost(this.#away()),
      );
      this.#pause = reconnectMs.first;
      const { failure } = await this.#ask();
      this.#judge(failure);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#lost(error);
    }
  }

  #lost(failure: Failure): void {
    this.#change('away', failure);
    if (!this.#started) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#alone(() => this.#reach()), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, reconnectMs.most);
  }

  async #apply(publication: Publication): Promise<CanaryResult> {
    const { clock, identities } = this.#options;
    checkPublication(publication, this.#inForce, clock.now());
    if (!this.#log.isOpen) throw this.#failure ?? this.#away();
    const crls = publication.crls.map(({ pem }) => `${pem.trim()}\n`).join('');
    const files = {
      'crl.pem': crls,
      'client-cas.pem': publication.clientCaPem,
      'access-list': accessList(publication.devices, commonNameOf(identities.observer.certificatePem)),
      expired: publication.crls.flatMap(({ expired = [] }) => expired.map((serial) => `${serial}\n`)).join(''),
    };
    const all = JSON.stringify(files);
    if (all === this.#files) {
      const result = await this.#ask();
      if (result.failure === null) return result;
    }
    const id = `${clock.now().toString(36)}-${randomUUID().slice(0, 8)}`;
    await this.#link.upload(id, files);
    // It returns when Mosquitto has begun to read the new files: whoever connects from now on is judged by them.
    await this.#link.run(`publish ${id}`);
    const result = await this.#ask();
    if (result.failure === null) {
      this.#inForce = crls;
      this.#files = all;
      this.#last = publication;
      this.#change('up', null);
      return result;
    }
    if (!isInconclusive(result.failure)) await this.#takeBack(id);
    throw result.failure;
  }

  /** Where there is nothing to go back to the host says so, and the failure that led here is the one to tell. */
  async #takeBack(id: string): Promise<void> {
    this.#files = null;
    try {
      await this.#link.run(`restore ${id}`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  #read(line: string): void {
    if (/^mosquitto version \S+ starting$/u.test(line)) this.#sessions.clear();
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
    return this.#log.isOpen ? { endpoint: this.endpoint, observer, process: this.#log, sessions: this.#sessions } : null;
  }

  async #ask(): Promise<CanaryResult> {
    const { identities, clock } = this.#options;
    const result = await askCanaries(this.endpoint, identities, clock, canaryMs);
    this.#canary = result;
    return result;
  }

  /** Each minute: is what was proven still so? What somebody else changed since is put back. */
  async #watch(): Promise<void> {
    if (!this.#log.isOpen) return;
    const { failure } = await this.#ask();
    if (failure === null || isInconclusive(failure) || this.#last === null) return this.#judge(failure);
    try {
      this.#files = null;
      await this.#apply(this.#last);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#change(this.#state, error);
    }
  }

  /** A broker that does not answer is away. Before the first publication it knows nobody, which is no failure: publishing mends it. */
  #judge(failure: Failure | null): void {
    const isAway = failure !== null && isInconclusive(failure);
    this.#change(isAway ? 'away' : 'up', isAway || this.#inForce !== null ? failure : null);
  }

  #away(): Failure {
    const { host, sshPort } = this.#options.at;
    return new Failure('BROKER_AWAY', { host, port: sshPort, stage: this.#started ? 'not connected' : 'not started' });
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

  /** One change of the host at a time. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
