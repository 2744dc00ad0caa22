import { RecordsHost } from '../../src-main/contract/index.ts';
import type { Clock } from '../../src-main/station/clock.ts';
import { systemClock } from '../../src-main/station/clock.ts';
import { requestParts } from '../../src-main/station/revocation/index.ts';
import { RecordsSync } from '../../src-main/station/central-records/index.ts';
import type { Registry } from '../../src-main/station/registry/index.ts';
import { TestPki } from './mosquitto.ts';
import { TestPostgres, type PostgresSetup } from './postgres.ts';

/** What one station needs to write to a central database; plain data, so that a child process can have it. */
export interface RecordsLogin {
  readonly at: RecordsHost;
  readonly station: string;
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly caPem: string;
}

export const recordsName = 'central';

/** The sync of a registry with a central database that it is told to use. */
export function syncFor(
  registry: Registry,
  login: RecordsLogin,
  clock: Clock = systemClock,
  onChange: () => void = () => undefined,
  onTime: (name: string, time: number) => void = () => undefined,
): RecordsSync {
  const { at, ...client } = login;
  const identity = { keyPem: login.keyPem, certificatePem: login.certificatePem };
  return new RecordsSync({
    name: recordsName,
    at,
    registry,
    client: () => client,
    requests: (actor) => requestParts(registry, identity, actor),
    clock,
    onTime,
    onChange,
    // Always at work: whoever is killed is killed in the middle of something.
    pace: { look: 1, retry: 10 },
  });
}

/** A central database as its administrator makes it, and the logins of its stations. */
export class TestRecords {
  readonly pki: TestPki;
  readonly server: TestPostgres;
  readonly logins: readonly RecordsLogin[];

  private constructor(pki: TestPki, server: TestPostgres, logins: readonly RecordsLogin[]) {
    this.pki = pki;
    this.server = server;
    this.logins = logins;
  }

  static async start(stations: readonly string[], setup: Partial<PostgresSetup> = {}): Promise<TestRecords> {
    const pki = new TestPki();
    const server = await TestPostgres.start({
      clientCaPem: pki.clientCaPem,
      serverPem: pki.server.certificatePem,
      serverKeyPem: pki.server.keyPem,
      ...setup,
    });
    await server.migrate(...stations.flatMap((id) => ['--station', `${id}=Line ${id}`]));
    const at = RecordsHost.parse({ host: '127.0.0.1', port: server.port, serverName: 'localhost' });
    const caPem = pki.serverCa.certificatePem;
    const logins = stations.map((station) => ({ at, station, caPem, ...pki.issuer.issue(`birthmark:records-${station}`) }));
    return new TestRecords(pki, server, logins);
  }
  /** As its administrator registers a station whose proof he has checked: its CAs, and the tenants whose devices it records. */
  async register({ issuers }: Registry, { station }: RecordsLogin, ...tenants: string[]): Promise<void> {
    for (const { keyId, kind, subject, fingerprint, notBefore, notAfter } of issuers.all())
      await this.server.query('SELECT birthmark.register_issuer($1, $2, $3, $4, $5, $6, $7, $8)', [
        station,
        keyId,
        kind,
        subject,
        fingerprint,
        'pem',
        notBefore,
        notAfter,
      ]);
    await this.server.query('SELECT birthmark.register_tenants($1, VARIADIC $2)', [station, tenants]);
  }
}
