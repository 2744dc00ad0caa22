import { Failure } from '../../contract/index.ts';
import { commonNameOf } from '../verify/index.ts';
import { HostBase } from './host-base.ts';
import type { KickResult } from './host.ts';
import { catchUp, kickSessions, takeOver, type KickContext, type LogLines } from './kick.ts';
import { SessionLog, type LiveSession } from './session-log.ts';

/** What every host with a Mosquitto has in common: its sessions and its version are read from the log. */
export abstract class MosquittoHost extends HostBase {
  protected readonly sessions = new SessionLog(commonNameOf(this.identities.observer.certificatePem));
  /** Usernames and the reload that their connections must not be older than. */
  protected readonly kicked = new Map<string, number>();

  /** The broker's log; null while it cannot be read. */
  protected abstract log(): LogLines | null;

  /** Ends the sessions that were let in before the last reload, and those that begin later on a connection from before it. */
  protected async endSessions(usernames: readonly string[], context: KickContext): Promise<readonly KickResult[]> {
    // The log may come with a delay: the reload is in it when something that came later is.
    await catchUp(context);
    const before = this.sessions.generation;
    for (const username of usernames) this.kicked.set(username, before);
    return kickSessions(usernames, before, context);
  }

  /** One line of the broker's log. */
  protected read(line: string): void {
    const begun = this.sessions.read(line);
    this.version = this.sessions.version ?? this.version;
    if (begun !== null && begun.generation < (this.kicked.get(begun.username) ?? 0)) this.#endLate(begun);
  }

  /** A handshake from before the reload that sends its CONNECT only now. */
  #endLate(session: LiveSession): void {
    const context = this.kickContext();
    if (context === null) return;
    takeOver(session, context).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      if (this.sessions.isLive(session)) this.change(this.state, error);
    });
  }

  protected kickContext(): KickContext | null {
    const log = this.log();
    return log === null ? null : { endpoint: this.endpoint, observer: this.identities.observer, log, sessions: this.sessions };
  }
}
