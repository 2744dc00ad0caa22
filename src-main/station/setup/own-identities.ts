import { X509Certificate } from 'node:crypto';
import { keepSecret } from '../../log/index.ts';
import type { StationIdentities, TlsIdentity } from '../broker/index.ts';
import { finishReplacement, hasIdentity, loadIdentity, replaceIdentity, type IdentityName } from './identities.ts';

type Pair = TlsIdentity & { readonly keyPem: string };

const names = ['good-canary', 'revoked-canary', 'observer', 'broker'] as const satisfies readonly IdentityName[];

/** The station's own keys and certificates, as they are now: whoever holds one of these objects has the new pair after a renewal. */
export class OwnIdentities implements StationIdentities {
  readonly #dataDir: string;
  readonly #held = new Map<IdentityName, Pair>();
  readonly goodCanary = this.#live('good-canary');
  readonly revokedCanary = this.#live('revoked-canary');
  readonly observer = this.#live('observer');
  readonly broker = this.#live('broker');

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.reload();
  }

  /** As they are on the disk: a ceremony puts new ones there. */
  reload(): void {
    for (const name of ['records', 'http'] as const) {
      finishReplacement(this.#dataDir, name);
      if (hasIdentity(this.#dataDir, name)) this.#held.set(name, loadIdentity(this.#dataDir, name));
    }
    for (const name of names) {
      finishReplacement(this.#dataDir, name);
      this.#held.set(name, loadIdentity(this.#dataDir, name));
    }
  }

  /** The client certificate for central databases; null until it was made. */
  get records(): Pair | null {
    return this.#held.get('records') ?? null;
  }

  /** The server certificate of what is served over HTTP; null until it was made. */
  get http(): Pair | null {
    return this.#held.get('http') ?? null;
  }

  certificate(name: IdentityName): X509Certificate {
    return new X509Certificate(this.#identity(name).certificatePem);
  }

  /** Durable when it returns, whole or not at all. */
  replace(name: IdentityName, identity: Pair): void {
    keepSecret(`${name}.key`, identity.keyPem);
    replaceIdentity(this.#dataDir, name, identity);
    this.#held.set(name, identity);
  }

  #identity(name: IdentityName): Pair {
    const held = this.#held.get(name);
    if (held === undefined) throw new Error(`${name} was loaded`);
    return held;
  }

  #live(name: IdentityName): Pair {
    const identity = (): Pair => this.#identity(name);
    return {
      get keyPem() {
        return identity().keyPem;
      },
      get certificatePem() {
        return identity().certificatePem;
      },
    };
  }
}
