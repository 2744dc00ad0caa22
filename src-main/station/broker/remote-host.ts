import { randomUUID } from 'node:crypto';
import { Failure, type RemoteHost } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import { commonNameOf } from '../verify/index.ts';
import { accessList, passwordFile } from './access-list.ts';
import { isInconclusive } from './canaries.ts';
import type { BrokerEndpoint, CanaryResult, InForce, KickResult, Publication, StationIdentities } from './host.ts';
import type { LogLines } from './kick.ts';
import { MosquittoHost } from './mosquitto-host.ts';
import { checkPublication } from './publication-check.ts';
import { RemoteLog } from './remote-log.ts';
import { SshLink, type SshKeys } from './ssh.ts';

export interface RemoteBrokerHostOptions {
  readonly at: RemoteHost;
  readonly keys: SshKeys;
  readonly serverCaPem: string;
  readonly identities: StationIdentities;
  readonly clock: Clock;
  /** The time of the host's clock, in milliseconds since the epoch. */
  readonly onTime: (time: number) => void;
}

/**
 * A broker host that an administrator runs: files go there by SFTP, one command puts them in force, Mosquitto's log says when, and the
 * canaries say whether. What it does not take, or what they find wrong, leaves it as it was.
 */
export class RemoteBrokerHost extends MosquittoHost {
  readonly #options: RemoteBrokerHostOptions;
  readonly #link: SshLink;
  readonly #log = new RemoteLog();
  /** CRLs that this station has put in force since it runs; the host keeps its own account of them. */
  #inForce: string | null = null;
  #files: string | null = null;
  #last: Publication | null = null;

  constructor(options: RemoteBrokerHostOptions) {
    super(options, { kind: 'remote', pauses: { first: 1_000, most: 60_000 } });
    this.#options = options;
    this.#link = new SshLink(options.at, options.keys);
  }

  get endpoint(): BrokerEndpoint {
    const { host, port, serverName } = this.#options.at;
    return { host, port, serverName: serverName ?? host, serverCaPem: this.#options.serverCaPem };
  }

  protected prepare(): Promise<void> {
    return Promise.resolve();
  }

  abort(): void {
    this.#link.abort();
  }

  protected end(): Promise<void> {
    this.#log.close();
    return Promise.resolve();
  }

  /** As on the local host: the log names the sessions, and a second client with the same client id ends them. */
  async kick(usernames: readonly string[]): Promise<readonly KickResult[]> {
    const context = this.kickContext();
    if (context === null) throw this.failure ?? this.#away();
    return this.endSessions(usernames, context);
  }

  async inForce(): Promise<InForce | null> {
    const text = await this.#link.run('show');
    const start = text.indexOf('-----BEGIN X509 CRL-----');
    const end = text.lastIndexOf('-----END X509 CRL-----\n');
    if (start < 0 || end < 0) return null;
    const after = end + '-----END X509 CRL-----\n'.length;
    return { crls: text.slice(start, after), accessList: text.slice(after) };
  }

  protected async reach(): Promise<void> {
    if (!this.started || this.#log.isOpen) return;
    try {
      this.sessions.clear();
      await this.#log.open(
        this.#link,
        (line) => this.read(line),
        () => this.lost(this.#away()),
      );
      this.reached();
      await this.#askTime();
      const { failure } = await this.ask();
      this.#judge(failure);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.lost(error);
    }
  }

  /** A host with an earlier version of `birthmark-host` does not tell it. */
  async #askTime(): Promise<void> {
    try {
      const seconds = Number((await this.#link.run('time')).trim());
      if (Number.isSafeInteger(seconds)) this.#options.onTime(seconds * 1_000);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'CRL_REJECTED') throw error;
    }
  }

  protected async apply(publication: Publication): Promise<CanaryResult> {
    checkPublication(publication, this.#inForce, this.clock.now());
    if (!this.#log.isOpen) throw this.failure ?? this.#away();
    const crls = publication.crls.map(({ pem }) => `${pem.trim()}\n`).join('');
    const files = {
      'crl.pem': crls,
      'client-cas.pem': publication.clientCaPem,
      'access-list': accessList(publication, commonNameOf(this.identities.observer.certificatePem)),
      'password-file': passwordFile(publication),
      expired: publication.crls.flatMap(({ expired = [] }) => expired.map((serial) => `${serial}\n`)).join(''),
    };
    const all = JSON.stringify(files);
    if (all === this.#files) {
      const result = await this.ask();
      if (result.failure === null) return result;
    }
    const id = `${this.clock.now().toString(36)}-${randomUUID().slice(0, 8)}`;
    await this.#link.upload(id, files);
    // It returns when Mosquitto has begun to read the new files: whoever connects from now on is judged by them.
    await this.#link.run(`publish ${id}`);
    const result = await this.ask();
    if (result.failure === null) {
      this.#inForce = crls;
      this.#files = all;
      this.#last = publication;
      // Published, and meanwhile the log was lost: sessions cannot be ended until it is back.
      if (this.#log.isOpen) this.change('up', null);
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

  protected log(): LogLines | null {
    return this.#log.isOpen ? this.#log : null;
  }

  protected async watch(): Promise<void> {
    if (!this.#log.isOpen) return;
    const { failure } = await this.ask();
    if (failure === null || isInconclusive(failure) || this.#last === null) return this.#judge(failure);
    try {
      this.#files = null;
      await this.apply(this.#last);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.change(this.state, error);
    }
  }

  /** A broker that does not answer is away. Before the first publication it knows nobody, which is no failure: publishing mends it. */
  #judge(failure: Failure | null): void {
    const isAway = failure !== null && isInconclusive(failure);
    this.change(isAway ? 'away' : 'up', isAway || this.#inForce !== null ? failure : null);
  }

  #away(): Failure {
    const { host, sshPort } = this.#options.at;
    return new Failure('BROKER_AWAY', { host, port: sshPort, stage: this.started ? 'not connected' : 'not started' });
  }
}
