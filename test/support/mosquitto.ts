import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalBrokerHost, type LocalBrokerHostOptions, type Publication } from '../../src-main/station/broker/index.ts';
import { systemClock } from '../../src-main/station/clock.ts';
import { TestCa, type TestIdentity } from './pki.ts';

/** Root → issuing CA, the station's own certificates, and the broker's, as a ceremony would make them. */
export class TestPki {
  readonly root = new TestCa('Root');
  readonly issuer = new TestCa('Issuer 1', this.root);
  readonly serverCa = new TestCa('Broker CA');
  readonly server = this.serverCa.issue('localhost', { kind: 'server', san: 'DNS:localhost,IP:127.0.0.1' });
  readonly identities = {
    goodCanary: this.issuer.issue('station-canary-good'),
    revokedCanary: this.issuer.issue('station-canary-revoked'),
    observer: this.issuer.issue('station-observer'),
  };

  get clientCaPem(): string {
    return this.root.certificatePem + this.issuer.certificatePem;
  }

  device(name: string): TestIdentity {
    return this.issuer.issue(name);
  }

  crlPem(number: number, revoked: readonly TestIdentity[] = [], more: { thisUpdate?: Date; nextUpdate?: Date } = {}): string {
    return this.issuer.crl({ number, revoked: [this.identities.revokedCanary, ...revoked].map(({ serial }) => serial), ...more });
  }

  publication(number: number, devices: readonly string[], revoked: readonly TestIdentity[] = []): Publication {
    return { crls: [{ issuer: 'Issuer 1', number, pem: this.crlPem(number, revoked) }], clientCaPem: this.clientCaPem, devices };
  }
}

/** A local host in a folder of its own, with a real Mosquitto on a free port once something is published. */
export interface TestHost {
  readonly dir: string;
  readonly host: LocalBrokerHost;
  /** Another host on the same folder, as after a restart of the station. */
  again(changes?: Partial<LocalBrokerHostOptions>): LocalBrokerHost;
  close(): Promise<void>;
}

export async function testHost(pki: TestPki, changes: Partial<LocalBrokerHostOptions> = {}): Promise<TestHost> {
  const dir = await mkdtemp(join(tmpdir(), 'birthmark broker '));
  const hosts: LocalBrokerHost[] = [];
  const make = (more: Partial<LocalBrokerHostOptions> = {}): LocalBrokerHost => {
    const host = new LocalBrokerHost({
      dir,
      port: 0,
      serverCertificatePem: pki.server.certificatePem,
      serverKeyPem: pki.server.keyPem,
      serverCaPem: pki.serverCa.certificatePem,
      identities: pki.identities,
      clock: systemClock,
      ...changes,
      ...more,
    });
    hosts.push(host);
    return host;
  };
  return {
    dir,
    host: make(),
    again: make,
    close: async () => {
      for (const host of hosts) await host.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
