import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calls, type IssuerKind, type SignerEventName, type TokenRef } from '../../src-main/contract/index.ts';
import { childProcessServices } from '../../src-main/service-host/index.ts';
import { ServiceHost } from '../../src-main/service-host/service-host.ts';
import type { SignerOptions, SignerService } from '../../src-main/signer/index.ts';
import { crlUri } from '../../src-main/station/ca/index.ts';
import { crlBase, issueTerms, makeHierarchy, SignerBench, type Hierarchy, type MadeAuthority } from '../support/signer.ts';
import type { TokenFolder } from '../support/token.ts';
import type { IssueStationConfig } from './issue-station.ts';

const spawn = childProcessServices({
  entry: {
    signer: new URL('../../src-main/signer/service.ts', import.meta.url).pathname,
    station: new URL('issue-station.ts', import.meta.url).pathname,
  },
  execPath: process.execPath,
  onOutput: (_, text) => void process.stderr.write(text),
});

const officer = { face: 'command-line', connection: 'bench', credential: null } as const;

/** Signer and station as the product runs them: each a process, with the supervisor, which is this process, between them. */
export class IssueServices {
  readonly bench: SignerBench;
  readonly token: TokenRef;
  readonly made: Hierarchy;
  readonly #dir: string;
  readonly #hosts: readonly ServiceHost[];
  readonly #station: ServiceHost;

  private constructor(bench: SignerBench, token: TokenRef, made: Hierarchy, dir: string, signer: ServiceHost) {
    this.bench = bench;
    this.token = token;
    this.made = made;
    this.#dir = dir;
    const authority = (kind: IssuerKind, { certificate, proof }: MadeAuthority) => ({ id: `${kind}-1`, kind, certificate, proof });
    const authorities = [authority('root', made.root), authority('issuing', made.issuer), authority('server', made.server)];
    const config: IssueStationConfig = { dataDir: join(dir, 'station'), authorities };
    this.#station = new ServiceHost({
      service: 'station',
      spawn,
      config,
      onEvent: () => undefined,
      onPeerCall: (name, input, ids) => signer.call(name, input, null, ids),
      logLevel: 'info',
      onLine: () => undefined,
      onState: () => undefined,
    });
    this.#hosts = [this.#station, signer];
  }

  static async start(folder?: TokenFolder): Promise<IssueServices> {
    const dir = mkdtempSync(join(tmpdir(), 'birthmark-bench-'));
    let host: ServiceHost | undefined;
    const create = (options: SignerOptions): SignerService => {
      const signer = signerHost(join(dir, 'signer'), options);
      host = signer;
      return { handle: (name, input) => signer.call(name, input, Object.hasOwn(calls, name) ? officer : null), close: () => signer.stop() };
    };
    // The station’s issuer has one list, at the address of its id.
    const points = (ckaId: string): string[] => [crlUri(crlBase, ckaId === '01' ? 'root' : 'issuing-1')];
    const bench = new SignerBench({ create, points, ...(folder === undefined ? {} : { folder }) });
    if (host === undefined) throw new Error('the bench makes its signer at once');
    await bench.start();
    const token = await bench.makeToken();
    const made = await makeHierarchy(bench, token);
    await bench.openSession(issueTerms(bench, token, made.issuer, 'device', { quota: 200_000, perMinute: 10_000_000 }));
    return new IssueServices(bench, token, made, dir, host);
  }

  /** Certificates a second, from requests of devices that are registered; `parallel` of them are under way at any time. */
  async rate(count: number, parallel: number): Promise<number> {
    return (count * 1000) / ((await this.#station.call('issue', { count, parallel }, null)) as number);
  }

  /** MB of memory that station and signer have now, together. */
  rss(): number {
    const one = ({ pid }: ServiceHost): number => Number(/^VmRSS:\s+(\d+)/mu.exec(readFileSync(`/proc/${pid ?? ''}/status`, 'utf8'))?.[1]);
    return this.#hosts.reduce((sum, host) => sum + one(host), 0) / 1024;
  }

  /** Seconds of CPU that each process has used; the supervisor is this one. */
  cpu(): Readonly<Record<'station' | 'signer' | 'supervisor', number>> {
    // utime and stime, in ticks of 10 ms (proc_pid_stat(5)); the name before them may have spaces.
    const one = ({ pid }: ServiceHost): number => {
      const fields = readFileSync(`/proc/${pid ?? ''}/stat`, 'utf8')
        .replace(/^.*\) /u, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    };
    const { user, system } = process.cpuUsage();
    const [station, signer] = this.#hosts.map(one);
    return { station: station ?? NaN, signer: signer ?? NaN, supervisor: (user + system) / 1e6 };
  }

  async stop(): Promise<void> {
    await this.#station.stop();
    await this.bench.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

const signerHost = (dataDir: string, { emit, onStuck }: SignerOptions): ServiceHost =>
  new ServiceHost({
    service: 'signer',
    spawn,
    config: { dataDir, pinPad: null, guard: null },
    onEvent: (name, payload) => (name === 'signer.stuck' ? onStuck() : emit(name as SignerEventName, payload)),
    onPeerCall: () => Promise.reject(new Error('the signer calls nobody')),
    logLevel: 'info',
    onLine: () => undefined,
    onState: () => undefined,
  });
