import { X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Stage } from './diagnose.ts';

/** What was seen on the way to the broker, kept also when it ends in a failure. */
export class Trace {
  /** Stages that were begun, in order, with milliseconds; the last one may be the one that failed. */
  readonly stages: { readonly stage: Stage; readonly ms: number }[] = [];
  /** Address that was connected to, once it is known. */
  address: string | null = null;
  protocol: string | null = null;
  cipher: string | null = null;
  /** What the broker presented, leaf first, completed by OpenSSL from the CAs that we trust; empty when it did not come so far. */
  serverChain: readonly X509Certificate[] = [];
  /** The first bytes that came through TLS. */
  firstBytes: Buffer = Buffer.alloc(0);
  #stage: Stage = 'name';
  #since = performance.now();

  get stage(): Stage {
    return this.#stage;
  }

  enter(stage: Stage): void {
    this.leave();
    this.#stage = stage;
  }

  /** The stage is over, well or not. */
  leave(): void {
    const now = performance.now();
    this.stages.push({ stage: this.#stage, ms: Math.round((now - this.#since) * 10) / 10 });
    this.#since = now;
  }

  msOf(stage: Stage): number {
    return this.stages.filter((one) => one.stage === stage).reduce((sum, { ms }) => sum + ms, 0);
  }

  /** Looks at what the broker presents: while the handshake runs, because a refused one leaves nothing to look at. */
  see(socket: TLSSocket): void {
    this.protocol = socket.getProtocol() ?? this.protocol;
    // Neither is settled yet while the handshake runs, whatever their types say.
    const cipher: { readonly name: string } | undefined = socket.getCipher();
    this.cipher = cipher?.name ?? this.cipher;
    const chain = chainOf(socket.getPeerCertificate(true));
    if (chain.length > 0) this.serverChain = chain;
  }
}

/** OpenSSL gives the chain as objects that lead to each other; a root leads to itself. */
function chainOf(leaf: ReturnType<TLSSocket['getPeerCertificate']>): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  for (let one: Partial<PeerCertificate> & { issuerCertificate?: PeerCertificate } = leaf; one.raw !== undefined;) {
    const certificate = new X509Certificate(one.raw);
    if (seen.has(certificate.fingerprint256)) break;
    seen.add(certificate.fingerprint256);
    chain.push(certificate);
    if (one.issuerCertificate === undefined) break;
    one = one.issuerCertificate;
  }
  return chain;
}
