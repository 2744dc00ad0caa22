import type { Clock } from '../clock.ts';
import { LinkServer, type Offer } from './link-server.ts';

export interface OfferedLink {
  readonly url: string;
  readonly fingerprint: string;
  readonly pin: string;
  readonly certificatePem: string;
}

/** The certificate of a link server outlives every link that it may be asked for. */
const serverMs = 8 * 24 * 3_600_000;

/** One server for each address that links are asked for at, while there are any. */
export class Links {
  readonly #clock: Clock;
  readonly #servers = new Map<string, LinkServer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Listens there while `work` makes something to offer; what it makes has a link when it resolves. LINK_ADDRESS. */
  async at<T>(host: string, port: number, work: (offer: (offer: Offer) => OfferedLink) => Promise<T>): Promise<T> {
    const key = `${host} ${String(port)}`;
    const known = this.#servers.get(key);
    const server =
      known ??
      (await LinkServer.start({
        host,
        port,
        clock: this.#clock,
        until: this.#clock.now() + serverMs,
        onIdle: () => void this.#servers.delete(key),
      }));
    this.#servers.set(key, server);
    server.hold();
    try {
      const { fingerprint, pin, certificatePem } = server.identity;
      return await work((offer) => ({ url: server.offer(offer), fingerprint, pin, certificatePem }));
    } finally {
      server.release();
    }
  }

  /** Ends the links of which `which` is true; of all when absent. */
  close(why: string, which?: (offer: Offer) => boolean): void {
    for (const server of [...this.#servers.values()]) server.close(why, which);
  }
}
