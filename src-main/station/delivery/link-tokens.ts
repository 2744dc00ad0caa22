import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { keepSecret } from '../../log/index.ts';

/**
 * What stands in a link: which bundle, until when, and a signature over both that only this process can make. A link is good for
 * nothing after the process has ended, and nobody can move its end.
 */
export class LinkTokens {
  readonly #secret = randomBytes(32);

  constructor() {
    keepSecret('links', this.#secret);
  }

  /** @param until Milliseconds since the epoch. */
  make(until: number): { readonly id: string; readonly path: string } {
    const id = randomBytes(16).toString('base64url');
    const end = Math.floor(until / 1000).toString(36);
    return { id, path: `/bundle/${id}.${end}.${this.#sign(id, end).toString('base64url')}` };
  }

  /** The bundle and the end that a path names; null when the signature is not ours. Takes as long for every path of this form. */
  read(path: string): { readonly id: string; readonly until: number } | null {
    const parts = /^\/bundle\/(?<id>[\w-]{22})\.(?<end>[0-9a-z]{1,10})\.(?<signature>[\w-]{43})$/u.exec(path)?.groups;
    if (parts === undefined) return null;
    const { id = '', end = '', signature = '' } = parts;
    if (!timingSafeEqual(Buffer.from(signature, 'base64url'), this.#sign(id, end))) return null;
    return { id, until: parseInt(end, 36) * 1000 };
  }

  #sign(id: string, end: string): Buffer {
    return createHmac('sha256', this.#secret).update(`${id}.${end}`).digest();
  }
}
