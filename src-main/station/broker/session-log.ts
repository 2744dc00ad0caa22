/** Mosquitto's own words about sessions (2.0 `handle__connect`, `context__disconnect`); client ids are chosen by the client. */
const newSocket = /^New connection from (\S+) on port \d+\.$/su;
const connected = /^New client connected from (\S+) as (.*) \(p\d+, c\d+, k\d+, u'(.*)'\)\.$/su;
/** The id is taken as long as it can be, and the ending that may hold any words comes last: a client may call itself anything. */
const ended = [
  /^Client (.*) already connected, closing old connection\.$/su,
  /^Client (.*) closed its connection\.$/su,
  /^Client (.*) has exceeded timeout, disconnecting\.$/su,
  /^Client (.*) been disconnected by administrative action\.$/su,
  /^Client (.*) disconnected, not authorised\.$/su,
  /^Client (.*) disconnected\.$/su,
  /^Client (.*) disconnected due to [A-Za-z ]+\.$/su,
  /^Bad socket read\/write on client (.*): [^:]*$/su,
  /^Client (.*) disconnected: [^:]*\.$/su,
];

export interface LiveSession {
  readonly clientId: string;
  readonly username: string;
  /** Count of reloads when its TCP connection was accepted: it was judged by the CRL of then. */
  readonly generation: number;
}

/**
 * Who is connected, read from the broker's log line by line. Mosquitto judges a connection by the CRL that was loaded when it
 * was accepted, not when it sends CONNECT, up to 90 s later: so the sockets are counted too.
 */
export class SessionLog {
  readonly #live = new Map<string, LiveSession>();
  #sockets = new Map<string, number>();
  #older = new Map<string, number>();
  #generation = 0;

  /** Reads one line; the session that began with it, if one did. */
  read(line: string): LiveSession | null {
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
    for (const pattern of ended) {
      const over = pattern.exec(line);
      if (over !== null) {
        this.#live.delete(over[1] ?? '');
        return null;
      }
    }
    return null;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Live sessions of this username whose connections are older than reload number `before`; without it, all of them. */
  of(username: string, before = Infinity): LiveSession[] {
    return [...this.#live.values()].filter((session) => session.username === username && session.generation < before);
  }

  isLive(clientId: string): boolean {
    return this.#live.has(clientId);
  }

  /** The broker is gone, and every session with it; the next one begins with new files. */
  clear(): void {
    this.#generation += 1;
    this.#live.clear();
    this.#sockets.clear();
    this.#older.clear();
  }

  #begin(address: string, clientId: string, username: string): LiveSession {
    const generation = this.#sockets.get(address) ?? this.#older.get(address) ?? 0;
    this.#sockets.delete(address);
    const session = { clientId, username, generation };
    this.#live.set(clientId, session);
    return session;
  }

  /** A refused handshake leaves no line with its address: what is too old is dropped by halves, 20 000 at most. */
  #remember(address: string): void {
    if (this.#sockets.size >= 10_000) {
      this.#older = this.#sockets;
      this.#sockets = new Map();
    }
    this.#older.delete(address);
    this.#sockets.set(address, this.#generation);
  }
}
