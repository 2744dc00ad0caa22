import { isIP } from 'node:net';
import { connect } from 'mqtt';
import type { BrokerEndpoint, TlsIdentity } from '../../verify/index.ts';

/** Does the broker let this client in over websockets with TLS? Anything but CONNACK 0 is no. */
export function admitsOverWebsockets(endpoint: BrokerEndpoint, identity: TlsIdentity | null, timeoutMs: number): Promise<boolean> {
  const host = isIP(endpoint.host) === 6 ? `[${endpoint.host}]` : endpoint.host;
  const wsOptions = { rejectUnauthorized: true, ...(isIP(endpoint.serverName) === 0 ? { servername: endpoint.serverName } : {}) };
  const client = connect(`wss://${host}:${endpoint.port}/mqtt`, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: timeoutMs,
    ca: endpoint.serverCaPem,
    ...(identity === null ? {} : { cert: identity.certificatePem, key: identity.keyPem }),
    wsOptions,
  });
  return new Promise((resolve) => {
    const settle = (admitted: boolean): void => {
      client.end(true);
      resolve(admitted);
    };
    client.once('connect', () => settle(true));
    client.on('error', () => settle(false));
    client.once('close', () => settle(false));
  });
}
