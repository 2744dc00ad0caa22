import { endsOfSession, type EndOfSession } from './session-wording.ts';

/** Mosquitto's own words about connections; the same in 2.0 and 2.1. Client ids are chosen by the client. */
const starting = /^mosquitto version (\S+) starting$/u;
const newSocket = /^New connection from (\S+) on port \d+\.$/su;
const connected = /^New client connected from (\S+) as (.*) \(p\d+, c\d+, k\d+, u'(.*)'\)\.$/su;

export interface LiveSession {
  readonly clientId: string;
  readonly username: string;
  /** Address and port of its connection, as the log writes them. */
  readonly address: string;
  /** Count of reloads when its TCP connection was accepted: it was judged by the CRL of then. */
  readonly generation: number;
}

/**
 * Who is connected, read from the broker's log line by line. Mosquitto judges a connection by the CRL that was loaded when it
 * was accepted, not when it sends CONNECT, up to 90 s later: so the sockets are counted too.
 */
export class SessionLog {
  readonly #own: string;
  readonly #live = new Map<string, LiveSession>();
  readonly #byAddress = new Map<string, LiveSession>();
  #sockets = new Map<string, number>();
  #older = new Map<string, number>();
  #generation = 0;
  #version: string | null = null;

  /** `own`: the username of this station's own connections, which are not kept: they take sessions over and go. */
  constructor(own: string) {
    this.#own = own;
  }

  /** Reads one line; the session that began with it, if one did. */
  read(line: string): LiveSession | null {
    const start = starting.exec(line);
    if (start !== null) {
      this.clear();
      this.#version = start[1] ?? null;
      return null;
    }
    if (line === 'Reloading config.') {
      this.#generation += 1;
      return null;
    }
    const socket = newSocket.exec(line);
    if (socket !== null) {
      this.#remember(socket[1] ?? '');
      return null;
    }
    const begun = connected.exec(line);
    if (begun !== null) return this.#begin(begun[1] ?? '', begun[2] ?? '', begun[3] ?? '');
    this.#end(line);
    return null;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The broker's version; null while its start is not in the log. */
  get version(): string | null {
    return this.#version;
  }

  get size(): number {
    return this.#live.size;
  }

  /** Live sessions of this username whose connections are older than reload number `before`; without it, all of them. */
  of(username: string, before = Infinity): LiveSession[] {
    return [...this.#live.values()].filter((session) => session.username === username && session.generation < before);
  }

  /** Is it this very session that has the client id now? */
  isLive(session: LiveSession): boolean {
    return this.#live.get(session.clientId) === session;
  }

  /** It is known to be gone, whatever the log said or did not say. */
  forget(session: LiveSession): void {
    if (this.isLive(session)) this.#live.delete(session.clientId);
    if (this.#byAddress.get(session.address) === session) this.#byAddress.delete(session.address);
  }

  /** The broker is gone, and every session with it; the next one begins with new files. */
  clear(): void {
    this.#generation += 1;
    this.#version = null;
    this.#live.clear();
    this.#byAddress.clear();
    this.#sockets.clear();
    this.#older.clear();
  }

  #begin(address: string, clientId: string, username: string): LiveSession {
    const generation = this.#sockets.get(address) ?? this.#older.get(address) ?? 0;
    this.#sockets.delete(address);
    const session = { clientId, username, address, generation };
    // One client id, one session; one address and port, one connection: whoever had either before is gone.
    for (const before of [this.#live.get(clientId), this.#byAddress.get(address)]) if (before !== undefined) this.forget(before);
    if (username === this.#own) return session;
    this.#live.set(clientId, session);
    this.#byAddress.set(address, session);
    return session;
  }

  /** Of two readings of one line neither counts when both fit: a session too many costs one takeover, one too few a revocation. */
  #end(line: string): void {
    const found = new Set(endsOfSession(line, this.#version).flatMap((end) => this.#sessionOf(end) ?? []));
    const [session] = found;
    if (session !== undefined && found.size === 1) this.forget(session);
  }

  #sessionOf({ clientId, address }: EndOfSession): LiveSession | null {
    const session = this.#live.get(clientId);
    return session === undefined || (address !== null && session.address !== address) ? null : session;
  }

  /** A refused handshake leaves no line with its address: what is too old is dropped by halves, 20 000 at most. */
  #remember(address: string): void {
    // A new connection from there: what was there before is gone, also where its end was not understood.
    const before = this.#byAddress.get(address);
    if (before !== undefined) this.forget(before);
    if (this.#sockets.size >= 10_000) {
      this.#older = this.#sockets;
      this.#sockets = new Map();
    }
    this.#older.delete(address);
    this.#sockets.set(address, this.#generation);
  }
}
