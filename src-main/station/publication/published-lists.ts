import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { certificateToPem, crlToPem, readCrl } from '../ca/index.ts';
import type { HttpPlugin } from '../http/index.ts';
import type { IssuerRecord } from '../registry/index.ts';
import type { CrlBuilder } from './crl-builder.ts';
import { renewMs } from './crl-builder.ts';

/** What is public: CRLs and the certificates of whoever signs them. */
export interface Published {
  /** Every issuer that there ever was, with a builder for each partition. */
  readonly builders: () => readonly CrlBuilder[];
  readonly now: () => number;
}

/** Longer than any address of ours. */
const maxUrl = 512;

interface Body {
  readonly type: string;
  readonly etag: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly modified: number;
  readonly maxAge: number;
  /** Bytes, or the file that holds them. */
  readonly content: Buffer | { readonly path: string; readonly size: number };
}

/**
 * CRLs and CA certificates, for whoever follows a distribution point: read-only, without authentication, because both are
 * public and signed. No part of an address ever becomes part of a path.
 */
export const publishedLists =
  (published: Published): HttpPlugin =>
  (app) => {
    const lists = new Lists(published);
    app.setNotFoundHandler((request, reply) => {
      reply.hijack();
      return lists.answer(request.raw, reply.raw);
    });
  };

class Lists {
  readonly #published: Published;

  constructor(published: Published) {
    this.#published = published;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(`${String(status)}\n`);
    };
    try {
      request.resume();
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, { allow: 'GET, HEAD' });
      const body = await this.#find(request.url ?? '');
      if (body === null) return refuse(404);
      const headers = {
        'content-type': body.type,
        etag: body.etag,
        'cache-control': `public, max-age=${String(body.maxAge)}`,
        // Never later than the answer itself (RFC 9110 8.8.2.1).
        ...(body.modified > this.#published.now() ? {} : { 'last-modified': new Date(body.modified).toUTCString() }),
        'x-content-type-options': 'nosniff',
      };
      if (isKnown(request.headers, body, this.#published.now())) return void response.writeHead(304, headers).end();
      const size = Buffer.isBuffer(body.content) ? body.content.length : body.content.size;
      response.writeHead(200, { ...headers, 'content-length': String(size) });
      if (request.method === 'HEAD') return void response.end();
      if (Buffer.isBuffer(body.content)) return void response.end(body.content);
      createReadStream(body.content.path)
        .on('error', () => response.destroy())
        .pipe(response);
    } catch {
      // A list that is being replaced this moment; whoever asks again gets the new one.
      if (response.headersSent) response.destroy();
      else refuse(503, { 'retry-after': '1' });
    }
  }

  /** By the table of what there is; the base path of the distribution points may stand in front. */
  async #find(url: string): Promise<Body | null> {
    if (url.length > maxUrl) return null;
    const match = /\/(?:crl\/([^/?#]+)\/(\d{1,2})\.(crl|pem)|ca\/([^/?#]+)\.(crt|pem))$/u.exec(url);
    if (match === null) return null;
    const [, list, partition, listForm, ca, caForm] = match;
    const of = (issuer: string | undefined): CrlBuilder[] =>
      this.#published.builders().filter(({ scope }) => issuer !== undefined && encodeURIComponent(scope.issuer) === issuer);
    if (ca !== undefined) {
      const issuer = of(ca)[0]?.issuer;
      return issuer === undefined ? null : certificateBody(issuer, caForm === 'pem');
    }
    const builder = of(list).find(({ scope }) => String(scope.partition) === partition);
    return builder === undefined ? null : this.#list(builder, listForm === 'pem');
  }

  async #list(builder: CrlBuilder, pem: boolean): Promise<Body | null> {
    const newest = builder.newest();
    if (newest === null) return null;
    const path = await builder.pathOf(newest.number);
    // Until the next one is due, and never beyond the end of this one.
    const due = Math.min(Date.parse(newest.thisUpdate) + renewMs, Date.parse(newest.nextUpdate)) - this.#published.now();
    const maxAge = Math.max(0, Math.min(300, Math.floor(due / 1000)));
    const common = { etag: `"${newest.sha256.slice(0, 32)}${pem ? '-pem' : ''}"`, modified: secondAfter(newest.thisUpdate), maxAge };
    if (pem) return { ...common, type: 'application/x-pem-file', content: Buffer.from(crlToPem(readCrl(path).der)) };
    return { ...common, type: 'application/pkix-crl', content: { path, size: (await stat(path)).size } };
  }
}

/** Two lists may be made within one second, which is all that an HTTP date tells: what was fetched in it is older than this. */
const secondAfter = (instant: string): number => (Math.floor(Date.parse(instant) / 1000) + 1) * 1000;

/** Does whoever asks have it already (RFC 9110 13.1.2, 13.1.3)? A date that is still to come is nobody's who has fetched anything. */
function isKnown(
  { 'if-none-match': tags, 'if-modified-since': since }: IncomingHttpHeaders,
  { etag, modified }: Body,
  now: number,
): boolean {
  if (tags !== undefined) return tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//u, '') === etag);
  const fetched = since === undefined ? NaN : Date.parse(since);
  return fetched >= modified && fetched <= now;
}

function certificateBody({ certificate, fingerprint, notBefore }: IssuerRecord, pem: boolean): Body {
  const etag = `"${fingerprint.slice(0, 32)}${pem ? '-pem' : ''}"`;
  const content = pem ? Buffer.from(certificateToPem(certificate)) : Buffer.from(certificate);
  const type = pem ? 'application/x-pem-file' : 'application/pkix-cert';
  return { type, etag, modified: secondAfter(notBefore), maxAge: 86_400, content };
}
