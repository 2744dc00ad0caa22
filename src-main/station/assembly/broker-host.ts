import { join } from 'node:path';
import { LocalBrokerHost, RabbitmqHost, RemoteBrokerHost, type BrokerHost } from '../broker/index.ts';
import type { Clock } from '../clock.ts';
import { passwordPort } from '../publication/index.ts';
import type { Registry } from '../registry/index.ts';
import { rabbitmqPassword, stationSshKeys, type OwnIdentities } from '../setup/index.ts';

export interface BrokerHostParts {
  readonly registry: Registry;
  readonly dataDir: string;
  readonly serverCaPem: string;
  readonly identities: OwnIdentities;
  readonly clock: Clock;
  /** The time that the broker host told. */
  readonly onTime: (name: string, time: number) => void;
}

/** The broker host that an officer chose; the station's own where nobody did. */
export function liveBrokerHost({ registry, dataDir, serverCaPem, identities, clock, onTime }: BrokerHostParts): BrokerHost {
  const { settings } = registry;
  const cluster = settings.get('brokerRabbitmq');
  if (cluster !== null) {
    const mark = settings.must('brokerRabbitmq.mark');
    return new RabbitmqHost({ cluster, password: rabbitmqPassword(dataDir), mark, serverCaPem, identities, clock });
  }
  const remote = settings.get('brokerHost');
  if (remote !== null) {
    const { files, command } = stationSshKeys(dataDir);
    const keys = { files: files.privateKey, command: command.privateKey };
    return new RemoteBrokerHost({
      at: remote,
      keys,
      serverCaPem,
      identities,
      clock,
      onTime: (time) => onTime(`the broker host ${remote.host}`, time),
    });
  }
  return new LocalBrokerHost({
    dir: join(dataDir, 'broker'),
    port: settings.get('brokerPort') ?? 0,
    passwordPort: passwordPort(registry),
    serverCertificatePem: identities.broker.certificatePem,
    serverKeyPem: identities.broker.keyPem,
    serverCaPem,
    identities,
    clock,
  });
}
