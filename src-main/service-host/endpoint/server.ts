import { randomUUID } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Failure, toFailureData, type CallOrigin, type Face, type Outcome } from '../../contract/index.ts';
import { fromLine, Lines, toLine } from './lines.ts';
import { Request, type Answer, type Owner } from './messages.ts';

export interface EndpointOptions {
  readonly address: string;
  readonly version: string;
  readonly owner: Owner;
  readonly call: (name: string, input: unknown, origin: CallOrigin) => Promise<unknown>;
  /** This connection has ended. */
  readonly onLeft: (connection: string) => void;
  readonly log: (line: string) => void;
}

/** Bytes of one request: the largest are imported files, which the contract bounds further. */
const longestRequest = 64 * 1024 * 1024;
/** Requests of one connection that are worked on at a time; more are not read before one of these is answered. */
const callsAtOnce = 16;
/** Bytes that may wait for a face that does not read; then it is let go. */
const mostUnread = 64 * 1024 * 1024;
const mostConnections = 128;
/** A connection that does not say hello is nobody's. */
const helloMs = 10_000;

/** The local socket on which the station of a data folder answers every face. Only whoever holds the data folder opens one. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();

  private constructor(options: EndpointOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** DATA_DENIED where the socket cannot be made. */
  static async open(options: EndpointOptions): Promise<Endpoint> {
    const endpoint = new Endpoint(options);
    await endpoint.#listen();
    return endpoint;
  }

  /** An event, to every face that listens; with `to`, to these connections alone. */
  tell(name: string, payload: unknown, to?: readonly string[]): void {
    let line: string | undefined;
    for (const connection of this.#connections) {
      if (!connection.listens || (to !== undefined && !to.includes(connection.id))) continue;
      line ??= toLine({ kind: 'event', name, payload } satisfies Answer);
      connection.write(line);
    }
  }

  /** Takes no more calls, and lets go of every face. */
  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    for (const connection of this.#connections) connection.end();
    await closed;
  }

  async #listen(): Promise<void> {
    const { address } = this.#options;
    // Whoever opens an endpoint holds the data folder: what lies here was left by a program that was killed.
    const isPipe = address.startsWith('\\\\.\\pipe\\');
    if (!isPipe) rmSync(address, { force: true });
    await new Promise<void>((done, failed) => {
      this.#server.once('error', (error) => failed(new Failure('DATA_DENIED', { path: address }, error)));
      this.#server.listen(address, done);
    });
    if (!isPipe) chmodSync(address, 0o600);
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= mostConnections) {
      this.#options.log(`a program was turned away: ${String(mostConnections)} are connected to the station already`);
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this.#options);
    this.#connections.add(connection);
    socket.once('close', () => {
      this.#connections.delete(connection);
      this.#options.onLeft(connection.id);
    });
  }
}

/** One face at the other end of the socket. */
class Connection {
  readonly id = randomUUID();
  readonly #socket: Socket;
  readonly #options: EndpointOptions;
  readonly #lines = new Lines(longestRequest);
  readonly #waiting: Request[] = [];
  readonly #hello: NodeJS.Timeout;
  #face: Face | null = null;
  #running = 0;
  listens = false;

  constructor(socket: Socket, options: EndpointOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#hello = setTimeout(() => this.#letGo('it did not say what it is'), helloMs).unref();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => clearTimeout(this.#hello));
    socket.on('data', (chunk) => this.#read(chunk));
  }

  write(line: string): void {
    if (this.#socket.destroyed) return;
    if (this.#socket.writableLength > mostUnread) this.#letGo('it does not read what it is sent');
    else this.#socket.write(line);
  }

  end(): void {
    // Its last answers still go out; one that does not read them is not waited for.
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  #letGo(why: string): void {
    this.#options.log(`the connection of a ${this.#face ?? 'program'} was closed: ${why}`);
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const lines = this.#lines.push(chunk);
    if (lines === null) return this.#letGo('it sent a message that is too long');
    for (const line of lines) {
      const request = parsed(line);
      if (request === null) return this.#letGo('it sent what is no message of this protocol');
      this.#waiting.push(request);
    }
    this.#work();
  }

  /** In the order in which they came, so many at a time. */
  #work(): void {
    while (this.#running < callsAtOnce && !this.#socket.destroyed) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      if (request.kind === 'hello') this.#welcome(request.face);
      else if (this.#face === null) return this.#letGo('it did not say hello first');
      else if (request.kind === 'listen') this.listens = true;
      else void this.#answer(request, this.#face);
    }
    if (this.#waiting.length === 0) this.#socket.resume();
    else this.#socket.pause();
  }

  #welcome(face: Face): void {
    clearTimeout(this.#hello);
    this.#face = face;
    const { version, owner } = this.#options;
    this.write(toLine({ kind: 'welcome', version, owner } satisfies Answer));
  }

  async #answer({ id, name, input, credential }: Extract<Request, { kind: 'call' }>, face: Face): Promise<void> {
    this.#running++;
    let outcome: Outcome<unknown>;
    try {
      outcome = { ok: true, value: await this.#options.call(name, input, { face, connection: this.id, credential }) };
    } catch (thrown) {
      outcome = { ok: false, error: toFailureData(thrown) };
    }
    this.#running--;
    this.write(toLine({ kind: 'result', id, outcome } satisfies Answer));
    this.#work();
  }
}

function parsed(line: string): Request | null {
  try {
    return Request.parse(fromLine(line));
  } catch {
    return null;
  }
}
