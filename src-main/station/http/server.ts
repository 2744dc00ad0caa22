import type { fastify as Fastify, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Failure } from '../../contract/index.ts';
import { say } from '../../log/index.ts';

export interface Listen {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

export interface TlsParts {
  readonly key: string | Buffer;
  readonly cert: string;
  /** Clients are asked for a certificate of these CAs, PEM; they may come without one. */
  readonly clientCas?: string;
}

export interface HttpLimits {
  readonly connections: number;
  /** Until the whole request has arrived, milliseconds. */
  readonly requestMs: number;
  readonly headersMs: number;
  /** How long a connection stays open between requests; null: closed after each. */
  readonly keepAliveMs: number | null;
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/** One thing that is served. */
export type HttpPlugin = (app: FastifyInstance) => void;
export type { FastifyInstance, FastifyReply, FastifyRequest };

interface HttpServerOptions {
  readonly listen: Listen;
  /** Null: plain HTTP. */
  readonly tls: TlsParts | null;
  readonly limits: HttpLimits;
  readonly serves: readonly HttpPlugin[];
}

/** How often requests that take too long are looked for. */
const checkMs = 1_000;
/** A caller's own id for a request; anything else is replaced, because it goes to the log. */
const requestId = /^[\w.-]{1,64}$/u;

/** The one HTTP server: fastify with a plugin for each thing that is served, and the bounds of its listener. */
export class HttpServer {
  readonly #app: FastifyInstance;
  readonly #server: Server | TlsServer;
  readonly #sockets = new Set<Duplex>();
  readonly #listen: Listen;

  private constructor(fastify: typeof Fastify, { listen, tls, limits, serves }: HttpServerOptions) {
    this.#listen = listen;
    const made: { server?: Server | TlsServer } = {};
    this.#app = fastify({
      serverFactory: (handler) => (made.server = boundedServer(handler, tls, limits)),
      bodyLimit: limits.bodyBytes,
      genReqId: ({ headers }) => {
        const given = headers['x-request-id'];
        return typeof given === 'string' && requestId.test(given) ? given : randomUUID();
      },
      forceCloseConnections: false,
      logger: false,
    });
    if (made.server === undefined) throw new Error('fastify makes its server at once');
    this.#server = made.server;
    this.#app.removeAllContentTypeParsers();
    // Nobody reads a body but the plugin that has a parser for it.
    this.#app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    this.#app.addHook('onRequest', (request, reply, done) => {
      reply.raw.setHeader('x-request-id', request.id);
      reply.raw.setHeader('x-content-type-options', 'nosniff');
      done();
    });
    for (const serve of serves) void this.#app.register((app, _options, done) => (serve(app), done()));
    // Whoever speaks no TLS is not answered; an error without a listener would end the station.
    this.#server.on('tlsClientError', (_error: Error, socket: Duplex) => socket.destroy());
    this.#server.on('connection', (socket: Duplex) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** HTTP_LISTEN when the address cannot be had. */
  static async start(options: HttpServerOptions): Promise<HttpServer> {
    const { host, port } = options.listen;
    // Read when it is needed: most stations serve nothing.
    const { fastify } = await import('fastify');
    const http = new HttpServer(fastify, options);
    try {
      await http.#app.listen({ host, port });
    } catch (thrown) {
      await http.#app.close();
      throw new Failure('HTTP_LISTEN', { host, port, problem: listenProblem(thrown as NodeJS.ErrnoException) }, thrown);
    }
    http.#server.on('error', (error) => say('warn', 'http', `${host}:${String(port)}: ${error.message}`));
    return http;
  }

  get address(): Listen {
    const { port } = this.#server.address() as AddressInfo;
    return { host: this.#listen.host, port };
  }

  /** Connections from now on see this certificate. */
  useCertificate({ key, cert, clientCas }: TlsParts): void {
    if ('setSecureContext' in this.#server)
      this.#server.setSecureContext({ key, cert, ...(clientCas === undefined ? {} : { ca: clientCas }) });
  }

  /** Takes no connection any more; what is being answered has this time to be fetched. */
  close(restMs: number): void {
    void this.#app.close();
    setTimeout(() => this.#drop(), restMs).unref();
  }

  /** At once. */
  async stop(): Promise<void> {
    this.#drop();
    await this.#app.close();
  }

  #drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function boundedServer(handler: RequestListener, tls: TlsParts | null, limits: HttpLimits): Server | TlsServer {
  const bounds = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: checkMs,
    ...(limits.keepAliveMs === null ? { keepAlive: false } : { keepAliveTimeout: limits.keepAliveMs }),
  };
  const server = tls === null ? createServer(bounds, handler) : createTlsServer({ ...bounds, ...tlsOptions(tls, limits) }, handler);
  server.maxConnections = limits.connections;
  if (limits.keepAliveMs === null) server.maxRequestsPerSocket = 1;
  return server;
}

const tlsOptions = ({ key, cert, clientCas }: TlsParts, { headersMs }: HttpLimits) =>
  ({
    key,
    cert,
    minVersion: 'TLSv1.2',
    handshakeTimeout: headersMs,
    // Whoever comes with a certificate that does not hold is told so by the plugin, by name.
    ...(clientCas === undefined ? {} : { ca: clientCas, requestCert: true, rejectUnauthorized: false }),
  }) as const;

/** Why nothing can listen on an address; the operating system's code where it is none of the usual ones. */
function listenProblem({ code = 'no error code' }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'another program uses it';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return 'it is not an address of this computer';
  if (code === 'EACCES') return 'this user may not use it';
  return `the operating system refused it (${code})`;
}
