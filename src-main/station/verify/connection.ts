import { randomUUID } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import { MqttClient } from 'mqtt';
import { Failure } from '../../contract/index.ts';
import { systemClock } from '../clock.ts';
import { alertOf, diagnose, type DiagnosisContext, type Stage } from './diagnose.ts';
import type { BrokerEndpoint, TlsIdentity } from './endpoint.ts';
import { answersPlainMqtt } from './plaintext.ts';

export interface ConnectOptions {
  /** Default: a fresh one. */
  readonly clientId?: string;
  readonly signal?: AbortSignal;
  /** For the whole way from the name to CONNACK; default 10 s. */
  readonly timeoutMs?: number;
  /** Exactly this version, to try what a device would; default: the best both have, at least 1.2. */
  readonly tlsVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** 5 (default) or 4 for 3.1.1. */
  readonly protocolVersion?: 4 | 5;
  /** CAs that the identity should lead to; sharpens the diagnosis of alert 48. */
  readonly issuersPem?: string;
  readonly keepaliveSeconds?: number;
}

export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** A session after CONNACK 0. Every failure is a diagnosed `Failure`. */
export interface Connection {
  readonly clientId: string;
  readonly socket: TLSSocket;
  /** QoS 1; resolves on a good PUBACK. TOPIC_REFUSED with the reason code when the broker says no (MQTT 5 only). */
  publish(topic: string, payload: Uint8Array | string): Promise<void>;
  /** QoS 1. Under Mosquitto's acl_file a forbidden subscription is granted too: prove by delivery. */
  subscribe(filter: string): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  onMessage(listener: (message: Message) => void): void;
  /** Resolves when the session is over: null when we ended it, else why. */
  readonly ended: Promise<Failure | null>;
  close(): Promise<void>;
}

interface Attempt {
  readonly endpoint: BrokerEndpoint;
  readonly identity: TlsIdentity | null;
  readonly options: ConnectOptions;
  stage: Stage;
  /** The broker's alert, whoever was listening when it came. */
  alert?: Error;
}

/**
 * Connects with this identity, or with no certificate at all, and resolves only after CONNACK 0: under TLS 1.3 the
 * handshake looks finished before the broker's alert arrives. Rejects with the diagnosis.
 */
export async function connectAs(endpoint: BrokerEndpoint, identity: TlsIdentity | null, options: ConnectOptions = {}): Promise<Connection> {
  const attempt: Attempt = { endpoint, identity, options, stage: 'tcp' };
  const open: { tcp?: Socket; client?: MqttClient } = {};
  try {
    return await withDeadline(attempt, async () => {
      const { tcp, connected } = openTcp(endpoint);
      open.tcp = tcp;
      await connected;
      attempt.stage = 'tls';
      const socket = await openTls(tcp, attempt);
      attempt.stage = 'connect';
      open.client = newClient(socket, options);
      await connack(open.client, socket);
      return sessionOf(open.client, socket, attempt);
    });
  } catch (error) {
    open.client?.end(true);
    open.tcp?.destroy();
    throw await secondLook(error, attempt);
  }
}

const contextOf = (attempt: Attempt, topic?: string): DiagnosisContext => ({
  stage: attempt.stage,
  endpoint: attempt.endpoint,
  certificatePem: attempt.identity?.certificatePem ?? null,
  now: systemClock.now(),
  ...(attempt.options.issuersPem === undefined ? {} : { issuersPem: attempt.options.issuersPem }),
  ...(topic === undefined ? {} : { topic }),
});

async function withDeadline<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
  const { signal, timeoutMs = 10_000 } = attempt.options;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    const { host, port } = attempt.endpoint;
    timer = setTimeout(
      () => reject(new Failure('BROKER_AWAY', { host, port, stage: `no answer at ${attempt.stage}` }, `nothing for ${timeoutMs} ms`)),
      timeoutMs,
    );
    onAbort = (): void => reject(new Failure('CANCELLED', { left: 'as they were' }));
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(), stopped]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}

/** The socket at once, so that it can be given up while it still connects. */
function openTcp(endpoint: BrokerEndpoint): { tcp: Socket; connected: Promise<void> } {
  const tcp = connectTcp({ host: endpoint.host, port: endpoint.port, noDelay: true });
  const connected = new Promise<void>((resolve, reject) => {
    tcp.once('connect', resolve);
    tcp.once('error', reject);
    tcp.once('close', () => reject(closed()));
  });
  return { tcp, connected };
}

function openTls(tcp: Socket, attempt: Attempt): Promise<TLSSocket> {
  const { endpoint, identity, options } = attempt;
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: tcp,
      ca: endpoint.serverCaPem,
      // SNI may not be an address (RFC 6066 3); the certificate is checked against the name or address all the same.
      ...(isIP(endpoint.serverName) === 0 ? { servername: endpoint.serverName } : {}),
      checkServerIdentity: (_, certificate) => checkServerIdentity(endpoint.serverName, certificate),
      ...(identity === null ? {} : { cert: identity.certificatePem, key: identity.keyPem }),
      minVersion: options.tlsVersion ?? 'TLSv1.2',
      ...(options.tlsVersion === undefined ? {} : { maxVersion: options.tlsVersion }),
    });
    socket.on('error', (error: Error) => {
      if (alertOf(error) !== null) attempt.alert ??= error;
      reject(error);
    });
    tcp.on('error', reject);
    socket.once('close', () => reject(closed()));
    socket.once('secureConnect', () => resolve(socket));
  });
}

const closed = (): Error => Object.assign(new Error('the broker closed the connection without a word'), { code: 'ECONNRESET' });

const newClient = (socket: TLSSocket, options: ConnectOptions): MqttClient =>
  new MqttClient(() => socket, {
    clientId: options.clientId ?? `birthmark-${randomUUID()}`,
    protocolVersion: options.protocolVersion ?? 5,
    clean: true,
    reconnectPeriod: 0,
    keepalive: options.keepaliveSeconds ?? 30,
    connectTimeout: 0x7fff_ffff,
  });

function connack(client: MqttClient, socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(closed());
    // The first to speak wins: an alert reaches the socket before the client hears that it closed.
    socket.on('error', reject);
    client.on('error', reject);
    client.once('close', () => reject(closed()));
    client.once('connect', () => resolve());
  });
}

/**
 * What a reset hides. At the TLS stage: does the port speak plain MQTT? After it: our CONNECT may have crossed the
 * broker's alert and the reset swallowed it, so the handshake is done once more without a word from us.
 */
async function secondLook(error: unknown, attempt: Attempt): Promise<Failure> {
  if (attempt.alert !== undefined) return diagnose(attempt.alert, contextOf(attempt));
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if ((code === 'ECONNRESET' || code === 'EPIPE') && alertOf(error) === null && attempt.options.signal?.aborted !== true) {
    if (attempt.stage === 'tls' && (await answersPlainMqtt(attempt.endpoint))) {
      return new Failure('PORT_MODE_MISMATCH', { found: 'plain MQTT', asked: 'TLS' }, error);
    }
    if (attempt.stage === 'connect') return diagnose((await silentHandshake(attempt)) ?? error, contextOf(attempt));
  }
  return diagnose(error, contextOf(attempt));
}

/** The error of a handshake after which we send nothing; null when the broker keeps the connection open or just closes. */
async function silentHandshake(attempt: Attempt): Promise<unknown> {
  const { tcp, connected } = openTcp(attempt.endpoint);
  const giveUp = setTimeout(() => tcp.destroy(), 2_000);
  try {
    await connected;
    const socket = await openTls(tcp, attempt);
    if (!socket.destroyed) await new Promise((resolve) => socket.resume().once('close', resolve));
    return attempt.alert ?? null;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(giveUp);
    tcp.destroy();
  }
}

function sessionOf(client: MqttClient, socket: TLSSocket, attempt: Attempt): Connection {
  attempt.stage = 'session';
  let ours = false;
  let why: unknown = null;
  const ended = new Promise<Failure | null>((resolve) => {
    client.on('disconnect', ({ reasonCode = 0 }) => {
      why = Object.assign(new Error(`DISCONNECT ${reasonCode}`), { code: reasonCode });
    });
    socket.on('error', (error) => {
      why ??= error;
    });
    client.once('close', () => resolve(ours ? null : diagnose(why ?? closed(), contextOf(attempt))));
  });
  /** MQTT's own callbacks never come when the connection ends in between. */
  const orEnded = async <T>(stage: Stage, topic: string, work: Promise<T>): Promise<T> => {
    const lost = ended.then((failure) => Promise.reject(failure ?? new Failure('CANCELLED', { left: 'as they were' })));
    try {
      return await Promise.race([work, lost]);
    } catch (error) {
      throw diagnose(error, { ...contextOf(attempt, topic), stage });
    }
  };
  return {
    clientId: client.options.clientId ?? '',
    socket,
    ended,
    publish: async (topic, payload) => {
      await orEnded('publish', topic, client.publishAsync(topic, typeof payload === 'string' ? payload : Buffer.from(payload), { qos: 1 }));
    },
    subscribe: async (filter) => {
      await orEnded('subscribe', filter, client.subscribeAsync(filter, { qos: 1 }));
    },
    unsubscribe: async (filter) => {
      await orEnded('subscribe', filter, client.unsubscribeAsync(filter));
    },
    onMessage: (listener) => void client.on('message', (topic, payload) => listener({ topic, payload })),
    close: async () => {
      ours = true;
      await client.endAsync();
      socket.destroy();
    },
  };
}
