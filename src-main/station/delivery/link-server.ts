import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure, unwrap } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import { HttpServer, RateLimit } from '../http/index.ts';
import { makeLinkIdentity, type LinkIdentity } from './link-certificate.ts';
import { LinkTokens } from './link-tokens.ts';

export interface Offer {
  /** The encrypted bundle; zeroes as soon as the link is used up. */
  readonly file: Buffer;
  readonly fileName: string;
  readonly contentType: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Asked at the moment of the request: is the certificate still good? */
  readonly stillGood: () => boolean;
  /** How it ended, once: null when the whole file went out, else why not. */
  readonly ended: (why: string | null) => void;
}

interface Open {
  readonly offer: Offer;
  readonly timer: NodeJS.Timeout;
}

export interface LinkServerOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Milliseconds since the epoch: the certificate's end. */
  readonly until: number;
  /** Called when the last link is gone; the server is closed then. */
  readonly onIdle: () => void;
}

const requestMs = 10_000;
/** More connections than this at once is nobody who fetches a bundle. */
const limits = { connections: 16, requestMs, headersMs: requestMs, keepAliveMs: null, headerBytes: 8 * 1024, bodyBytes: 1 } as const;
/** Wrong paths that an address may ask for in a minute. */
const wrongPerMinute = 20;

/**
 * Serves bundles over HTTPS, each once: the first GET with a good link takes the bundle out before it writes a byte, whatever becomes of
 * the transfer. No listing, no other method, no ranges, nothing kept alive; closes with its last link.
 */
export class LinkServer {
  readonly #options: LinkServerOptions;
  #http: HttpServer | null = null;
  readonly #tokens = new LinkTokens();
  readonly #open = new Map<string, Open>();
  readonly #wrong: RateLimit;
  #closed = false;
  #held = 0;
  readonly identity: LinkIdentity;

  private constructor(options: LinkServerOptions, identity: LinkIdentity) {
    this.#options = options;
    this.identity = identity;
    this.#wrong = new RateLimit(wrongPerMinute, 60_000);
  }

  /** LINK_ADDRESS when nothing can listen there. */
  static async start(options: LinkServerOptions): Promise<LinkServer> {
    const { host, port, clock, until } = options;
    const links = new LinkServer(options, await makeLinkIdentity(host, clock.now(), until));
    const { key, certificatePem: cert } = links.identity;
    try {
      links.#http = await HttpServer.start({
        listen: { host, port },
        tls: { key, cert },
        limits,
        serves: [
          (app) =>
            app.setNotFoundHandler((request, reply) => {
              reply.hijack();
              links.#serve(request.raw, reply.raw);
            }),
        ],
      });
      return links;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      throw new Failure('LINK_ADDRESS', { host, port, problem: String(thrown.params['problem']) }, thrown);
    }
  }

  /** Somebody is about to offer a bundle: stays open until `release`. */
  hold(): void {
    this.#held++;
  }

  release(): void {
    this.#held--;
    this.#idle();
  }

  /** The URL at which this bundle can be fetched once. */
  offer(offer: Offer): string {
    const { id, path } = this.#tokens.make(offer.until);
    const left = offer.until - this.#options.clock.now();
    const timer = setTimeout(() => this.#end(id, 'its time was up'), left);
    this.#open.set(id, { offer, timer });
    const { host, port } = unwrap(this.#http, 'a started server has one').address;
    return `https://${host.includes(':') ? `[${host}]` : host}:${String(port)}${path}`;
  }

  /** Ends the links of which `which` is true; of all when absent. */
  close(why: string, which: (offer: Offer) => boolean = () => true): void {
    for (const [id, { offer }] of [...this.#open]) if (which(offer)) this.#end(id, why);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const from = request.socket.remoteAddress ?? '';
    response.setHeader('Connection', 'close');
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Referrer-Policy', 'no-referrer');
    const refuse = (code: number, text: string): void => void response.writeHead(code, { 'Content-Type': 'text/plain' }).end(`${text}\n`);
    const link = this.#tokens.read(request.url ?? '');
    if (link === null) {
      // A good link is never held back by what others ask for.
      if (this.#wrong.isOver(from)) return refuse(429, 'Too many wrong requests. Wait a minute.');
      this.#wrong.count(from);
      return refuse(404, 'There is nothing here.');
    }
    // A look is no download: programs that preview links often ask with HEAD.
    if (request.method !== 'GET') {
      response.setHeader('Allow', 'GET');
      return refuse(405, 'Only GET, and only once.');
    }
    if (link.until <= this.#options.clock.now()) this.#end(link.id, 'its time was up');
    const open = this.#open.get(link.id);
    if (open?.offer.stillGood() === false) this.#end(link.id, 'its certificate was revoked');
    const offer = this.#take(link.id);
    if (offer === null) return refuse(410, 'This link was used, has expired, or was withdrawn. Ask for a new bundle.');
    this.#send(offer, response);
  }

  #send({ file, fileName, contentType, ended }: Offer, response: ServerResponse): void {
    let whole = false;
    response.once('finish', () => (whole = true));
    response.once('close', () => {
      file.fill(0);
      ended(whole ? null : 'the transfer broke off');
      this.#idle();
    });
    response.writeHead(200, {
      'Content-Type': contentType,
      'Content-Length': file.length,
      'Content-Disposition': `attachment; filename="${fileName}"`,
      'Accept-Ranges': 'none',
    });
    response.end(file);
  }

  /** Out of the map, so that nobody else gets it. */
  #take(id: string): Offer | null {
    const open = this.#open.get(id);
    if (open === undefined) return null;
    clearTimeout(open.timer);
    this.#open.delete(id);
    return open.offer;
  }

  #end(id: string, why: string): void {
    const offer = this.#take(id);
    if (offer === null) return;
    offer.file.fill(0);
    offer.ended(why);
    this.#idle();
  }

  #idle(): void {
    if (this.#open.size > 0 || this.#held > 0 || this.#closed) return;
    this.#closed = true;
    this.identity.key.fill(0);
    this.#options.onIdle();
    // What is still being written goes out; whoever only holds a connection open is let go.
    this.#http?.close(requestMs);
  }
}
