import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import type { TlsVersion } from '../../contract/index.ts';
import { alertOf } from './diagnose.ts';
import type { BrokerEndpoint, TlsIdentity } from './endpoint.ts';
import type { Trace } from './trace.ts';

/** What a handshake needs, and where it leaves what was seen. */
export interface Handshake {
  readonly endpoint: BrokerEndpoint;
  readonly identity: TlsIdentity | null;
  /** Exactly this version; default: the best both have, at least 1.2. */
  readonly tlsVersion: TlsVersion | undefined;
  readonly trace: Trace;
  /** The broker's alert, whoever was listening when it came. */
  alert?: Error;
}

/** The socket at once, so that it can be given up while it still connects. */
export function openTcp(endpoint: BrokerEndpoint, trace: Trace): { tcp: Socket; connected: Promise<void> } {
  const tcp = connectTcp({ host: endpoint.host, port: endpoint.port, noDelay: true });
  const connected = new Promise<void>((resolve, reject) => {
    tcp.once('lookup', (error: Error | null) => {
      if (error === null) trace.enter('tcp');
    });
    if (isIP(endpoint.host) !== 0) trace.enter('tcp');
    tcp.once('connect', () => {
      trace.address = tcp.remoteAddress ?? null;
      resolve();
    });
    tcp.once('error', reject);
    tcp.once('close', () => reject(closed()));
  });
  return { tcp, connected };
}

export function openTls(tcp: Socket, handshake: Handshake): Promise<TLSSocket> {
  const { endpoint, identity, tlsVersion, trace } = handshake;
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: tcp,
      ca: endpoint.serverCaPem,
      // SNI may not be an address (RFC 6066 3); the certificate is checked against the name or address all the same.
      ...(isIP(endpoint.serverName) === 0 ? { servername: endpoint.serverName } : {}),
      checkServerIdentity: (_, certificate) => checkServerIdentity(endpoint.serverName, certificate),
      ...(identity === null ? {} : { cert: identity.certificatePem, key: identity.keyPem }),
      // Asking for a stapled answer makes OpenSSL stop after the server's certificates, whether there is one or not: the only
      // moment to see them when the handshake is then refused.
      requestOCSP: true,
      ...versionsOf(tlsVersion),
    });
    socket.on('OCSPResponse', () => trace.see(socket));
    socket.on('error', (error: Error) => {
      if (alertOf(error) !== null) handshake.alert ??= error;
      reject(error);
    });
    tcp.on('error', reject);
    socket.once('close', () => reject(closed()));
    socket.once('secureConnect', () => {
      trace.see(socket);
      resolve(socket);
    });
  });
}

/** OpenSSL has TLS before 1.2 only at its lowest security level; it is offered only to see it refused. */
function versionsOf(version: TlsVersion | undefined): { minVersion: TlsVersion; maxVersion?: TlsVersion; ciphers?: string } {
  if (version === undefined) return { minVersion: 'TLSv1.2' };
  const old = version === 'TLSv1' || version === 'TLSv1.1';
  return { minVersion: version, maxVersion: version, ...(old ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}) };
}

export const closed = (): Error => Object.assign(new Error('the broker closed the connection without a word'), { code: 'ECONNRESET' });
