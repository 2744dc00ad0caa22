import { Failure, unwrap, type BrokerTarget, type CallOutput, type CallParsed, type ClientIdentity } from '../../contract/index.ts';
import { certificateToPem } from '../ca/index.ts';
import type { LiveStation } from '../live-station.ts';
import { loadIdentity } from '../setup/index.ts';
import { topicRuleOf } from '../topic-rule.ts';
import { readKey } from '../x509-files/index.ts';
import { certificatesOf, pair, readCredentials, verifyConnection, type BrokerEndpoint, type Credentials } from '../verify/index.ts';

/** Tries the way to a broker as anybody. */
export async function verify(
  live: LiveStation,
  dataDir: string,
  asked: CallParsed<'verify.connection'>,
): Promise<CallOutput<'verify.connection'>> {
  const { target, identity, tls, mqtt, device, timeoutMs } = asked;
  const endpoint = endpointOf(live, target);
  const { identity: client, login } = credentialsOf(live, dataDir, identity);
  const topicsOf = device ?? (identity.kind === 'device' ? identity.device : null);
  const { diagnosis, steps, serverChain, clientChain, protocol, cipher } = await verifyConnection(endpoint, client, {
    timeoutMs,
    issuersPem: issuersOf(live),
    protocolVersion: mqtt === '5' ? 5 : 4,
    ...(login === undefined ? {} : { login }),
    ...(tls === null ? {} : { tlsVersion: tls }),
    ...(topicsOf === null ? {} : { device: topicsOf, topicRule: topicRuleOf(live.registry.settings) }),
    ...(target === null ? { observer: live.observer } : {}),
  });
  const { host, port } = endpoint;
  const verdict = diagnosis === null ? 'PASS' : 'FAIL';
  return {
    verdict,
    host,
    port,
    steps: [...steps],
    diagnosis,
    protocol,
    cipher,
    serverChain: [...serverChain],
    clientChain: [...clientChain],
  };
}

/** Null: the station's own broker host. INVALID_INPUT for a CA file without a certificate. */
export function endpointOf(live: LiveStation, target: BrokerTarget | null): BrokerEndpoint {
  const own = live.host.endpoint;
  if (target === null) return own;
  const serverCaPem = target.caPem ?? own.serverCaPem;
  try {
    if (certificatesOf(serverCaPem).length === 0)
      throw new Failure('INVALID_INPUT', { field: 'ca', problem: 'there is no certificate in it' });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('INVALID_INPUT', { field: 'ca', problem: 'a certificate in it is damaged' }, error);
  }
  return { host: target.host, port: target.port, serverName: target.serverName ?? target.host, serverCaPem };
}

function credentialsOf(live: LiveStation, dataDir: string, given: ClientIdentity): Credentials {
  if (given.kind === 'station') return { identity: loadIdentity(dataDir, 'observer') };
  if (given.kind !== 'device') return readCredentials(given);
  const { device, keyPem, passphrase } = given;
  const newest = live.registry.certificates.select({ device }).find(({ fingerprint }) => fingerprint !== null);
  if (newest === undefined) throw new Failure('NOT_FOUND', { kind: 'certificate of the device', id: device });
  const { der, issuer } = unwrap(live.registry.certificates.get(newest.serial), 'it was just listed');
  const ca = unwrap(
    live.registry.issuers.all().find(({ id }) => id === issuer),
    'its issuer is in the registry',
  );
  const chainPem = [unwrap(der, 'it has a fingerprint'), ca.certificate].map(certificateToPem).join('');
  return { identity: pair(certificatesOf(chainPem), readKey(keyPem, passphrase)) };
}

/** Every CA of this station, with what lies above them. */
export const issuersOf = ({ registry }: LiveStation): string =>
  registry.issuers
    .all()
    .flatMap(({ certificate, chain }) => [certificate, ...chain])
    .map(certificateToPem)
    .join('');
