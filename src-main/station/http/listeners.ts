import { isIP } from 'node:net';
import { Failure, limits, type HttpListener, type HttpListenerView, type HttpServes } from '../../contract/index.ts';
import { say } from '../../log/index.ts';
import { serverHosts } from '../ca/index.ts';
import type { Registry } from '../registry/index.ts';
import { HttpServer, type HttpPlugin, type TlsParts } from './server.ts';

export interface ListenersParts {
  readonly registry: Registry;
  readonly plugins: Readonly<Record<HttpServes, HttpPlugin>>;
  /** The certificate for all listeners; null until one for all their hosts was made. */
  readonly certificate: () => TlsParts | null;
  /** Above the certificates of services, PEM. */
  readonly clientCas: () => string;
  /** Has it made by the open session. What the signer refuses. */
  readonly makeCertificate: (actor: string) => Promise<void>;
}

const anyAddress: readonly string[] = ['0.0.0.0', '::'];

/** What a certificate for these listeners has to name. INVALID_INPUT for what none can name. */
function hostsOf(listeners: readonly HttpListener[]): readonly string[] {
  const hosts = listeners
    .filter(({ tls }) => tls)
    .flatMap(({ host, names }) => [host, ...names])
    .filter((host) => !anyAddress.includes(host));
  return hosts.length === 0
    ? []
    : serverHosts({ dns: hosts.filter((host) => isIP(host) === 0), ips: hosts.filter((host) => isIP(host) !== 0) });
}

export const httpHosts = ({ settings }: Registry): readonly string[] => hostsOf(settings.get('http.listeners') ?? []);

/** For everything but bundles: nobody who asks for what is served here needs more. */
export const listenerLimits = {
  connections: 64,
  requestMs: 10_000,
  headersMs: 5_000,
  keepAliveMs: 5_000,
  headerBytes: 8 * 1024,
  bodyBytes: limits.messageBytes,
};

/** What the station serves over HTTP whenever it runs: nothing, until an officer says so. */
export class HttpListeners {
  readonly #parts: ListenersParts;
  readonly #running = new Map<string, HttpServer>();
  readonly #failures = new Map<string, Failure>();

  constructor(parts: ListenersParts) {
    this.#parts = parts;
  }

  views(): HttpListenerView[] {
    return this.#wanted().map((listener) => this.#view(listener));
  }

  /** All that are wanted; what cannot be had any more is no reason not to start. */
  async start(): Promise<void> {
    for (const listener of this.#wanted()) await this.#tryToRun(listener);
  }

  async stop(): Promise<void> {
    for (const name of [...this.#running.keys()]) await this.#end(name);
  }

  /**
   * HTTP_LISTEN when the address cannot be had: then nothing is changed but that what was served under this name is not any more. One
   * without a certificate waits for it.
   */
  async set(listener: HttpListener, actor: string): Promise<HttpListenerView> {
    const { registry } = this.#parts;
    hostsOf([listener]);
    await this.#end(listener.name);
    if (!listener.tls) await this.#run(listener, null);
    this.#save([...this.#wanted().filter(({ name }) => name !== listener.name), listener]);
    registry.store.transaction(() =>
      registry.store.audit(actor, 'http.listen', `${listener.host}:${String(listener.port)}`, { ...listener }),
    );
    if (listener.tls && (await this.#tryToRun(listener))?.code === 'HTTP_NO_CERTIFICATE') await this.#askForCertificate(listener, actor);
    return this.#view(listener);
  }

  /** NOT_FOUND. */
  async close(name: string, actor: string): Promise<void> {
    const { registry } = this.#parts;
    const wanted = this.#wanted();
    if (!wanted.some((listener) => listener.name === name)) throw new Failure('NOT_FOUND', { kind: 'listener', id: name });
    await this.#end(name);
    this.#failures.delete(name);
    this.#save(wanted.filter((listener) => listener.name !== name));
    registry.store.transaction(() => registry.store.audit(actor, 'http.close', name));
  }

  /** There is a new one: for connections from now on, and for listeners that waited for it. */
  async certificateChanged(): Promise<void> {
    const tls = this.#parts.certificate();
    for (const listener of this.#wanted().filter((one) => one.tls)) {
      const running = this.#running.get(listener.name);
      if (running === undefined) await this.#tryToRun(listener);
      else if (tls !== null) running.useCertificate(this.#withClients(listener, tls));
    }
  }

  #wanted(): readonly HttpListener[] {
    return this.#parts.registry.settings.get('http.listeners') ?? [];
  }

  #save(listeners: readonly HttpListener[]): void {
    this.#parts.registry.settings.set('http.listeners', [...listeners]);
  }

  #view(listener: HttpListener): HttpListenerView {
    const running = this.#running.get(listener.name);
    return {
      ...listener,
      port: running?.address.port ?? listener.port,
      up: running !== undefined,
      failure: this.#failures.get(listener.name)?.toData() ?? null,
    };
  }

  /** The failure is kept until it runs. */
  async #tryToRun(listener: HttpListener): Promise<Failure | null> {
    try {
      await this.#run(listener, listener.tls ? this.#mustHaveCertificate(listener) : null);
      return null;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.#failures.set(listener.name, thrown);
      say('warn', 'http', `the listener ${listener.name} is not up: ${thrown.message}`);
      return thrown;
    }
  }

  async #run(listener: HttpListener, tls: TlsParts | null): Promise<void> {
    const { host, port, serves, name } = listener;
    const plugins = serves.map((one) => this.#parts.plugins[one]);
    this.#running.set(name, await HttpServer.start({ listen: { host, port }, tls, limits: listenerLimits, serves: plugins }));
    this.#failures.delete(name);
  }

  async #end(name: string): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    await running?.stop();
  }

  #mustHaveCertificate(listener: HttpListener): TlsParts {
    const { name, host, names } = listener;
    const tls = this.#parts.certificate();
    if (tls === null) throw new Failure('HTTP_NO_CERTIFICATE', { name, hosts: [host, ...names].join(', ') });
    return this.#withClients(listener, tls);
  }

  /** Only who calls the API is asked for a certificate. */
  #withClients({ serves }: HttpListener, tls: TlsParts): TlsParts {
    return serves.includes('api') ? { ...tls, clientCas: this.#parts.clientCas() } : tls;
  }

  /** By a session that allows it; without one it waits, and its view says so. */
  async #askForCertificate({ name }: HttpListener, actor: string): Promise<void> {
    try {
      await this.#parts.makeCertificate(actor);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      say('info', 'http', `no certificate for the listener ${name} yet: ${thrown.message}`);
    }
  }
}
