import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { MqttClient } from 'mqtt';
import { Failure, type TlsVersion } from '../../contract/index.ts';
import { systemClock } from '../clock.ts';
import { diagnose, type DiagnosisContext, type Stage } from './diagnose.ts';
import { BrokerAnswers } from './broker-answer.ts';
import type { BrokerEndpoint, Login, TlsIdentity } from './endpoint.ts';
import { lookAgain } from './second-look.ts';
import { closed, openTcp, openTls, type Handshake } from './sockets.ts';
import { Trace } from './trace.ts';

export interface ConnectOptions {
  /** Default: a fresh one. */
  readonly clientId?: string;
  readonly signal?: AbortSignal;
  /** For the whole way from the name to CONNACK; default 10 s. */
  readonly timeoutMs?: number;
  /** Exactly this version, to try what a device would; default: the best both have, at least 1.2. */
  readonly tlsVersion?: TlsVersion;
  /** 5, or 4 for 3.1.1; default: the newest that the endpoint speaks. */
  readonly protocolVersion?: 4 | 5;
  /** User name and password, beside a certificate or instead of one. */
  readonly login?: Login;
  /** CAs that the identity may lead to; sharpens the diagnosis of alerts 48 and 51. */
  readonly issuersPem?: string;
  /** Is left with what was seen on the way. */
  readonly trace?: Trace;
  readonly keepaliveSeconds?: number;
}

export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** A session after CONNACK 0. Every failure is a diagnosed `Failure`. */
export interface Connection {
  readonly clientId: string;
  readonly protocolVersion: 4 | 5;
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

interface Attempt extends Handshake {
  readonly options: ConnectOptions;
  readonly protocolVersion: 4 | 5;
}

/**
 * Connects with this identity, or with no certificate at all, and resolves only after CONNACK 0: under TLS 1.3 the
 * handshake looks finished before the broker's alert arrives. Rejects with the diagnosis.
 */
export async function connectAs(endpoint: BrokerEndpoint, identity: TlsIdentity | null, options: ConnectOptions = {}): Promise<Connection> {
  const trace = options.trace ?? new Trace();
  const protocolVersion = options.protocolVersion ?? (endpoint.mqtt === '3.1.1' ? 4 : 5);
  const attempt: Attempt = { endpoint, identity, options, protocolVersion, trace, tlsVersion: options.tlsVersion };
  const open: { tcp?: Socket; client?: MqttClient } = {};
  try {
    return await withDeadline(attempt, async () => {
      const { tcp, connected } = openTcp(endpoint, trace);
      open.tcp = tcp;
      await connected;
      trace.enter('tls');
      const socket = await openTls(tcp, attempt);
      trace.enter('connect');
      socket.once('data', (data: Buffer) => (trace.firstBytes = data));
      open.client = newClient(socket, attempt);
      const answers = new BrokerAnswers(open.client);
      await connack(open.client, socket, answers);
      trace.enter('session');
      return sessionOf(open.client, socket, attempt, answers);
    });
  } catch (error) {
    open.client?.end(true);
    open.tcp?.destroy();
    trace.leave();
    if (error instanceof Failure && error.code === 'CANCELLED') throw error;
    throw await lookAgain(error, attempt, contextOf(attempt));
  }
}

const contextOf = (attempt: Attempt, topic?: string): DiagnosisContext => ({
  stage: attempt.trace.stage,
  endpoint: attempt.endpoint,
  certificatePem: attempt.identity?.certificatePem ?? null,
  now: systemClock.now(),
  serverChain: attempt.trace.serverChain,
  tlsVersion: attempt.tlsVersion,
  mqttVersion: attempt.protocolVersion === 4 ? '3.1.1' : '5',
  ...(attempt.options.clientId === undefined ? {} : { clientId: attempt.options.clientId }),
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
      () =>
        reject(new Failure('BROKER_SILENT', { host, port, stage: `no answer at ${attempt.trace.stage}` }, `nothing for ${timeoutMs} ms`)),
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

const newClient = (socket: TLSSocket, { options, protocolVersion }: Attempt): MqttClient =>
  new MqttClient(() => socket, {
    clientId: options.clientId ?? `birthmark-${randomUUID()}`,
    protocolVersion,
    clean: true,
    ...(options.login === undefined ? {} : { username: options.login.username, password: options.login.password }),
    reconnectPeriod: 0,
    keepalive: options.keepaliveSeconds ?? 30,
    connectTimeout: 0x7fff_ffff,
  });

function connack(client: MqttClient, socket: TLSSocket, answers: BrokerAnswers): Promise<void> {
  return new Promise((resolve, refuse) => {
    // What the broker said in MQTT wins over what became of the connection.
    const reject = (error: Error): void => refuse(answers.ended ?? error);
    if (socket.destroyed) return reject(closed());
    // The first to speak wins: an alert reaches the socket before the client hears that it closed.
    socket.on('error', reject);
    client.on('error', reject);
    client.once('close', () => reject(closed()));
    client.once('connect', () => resolve());
  });
}

function sessionOf(client: MqttClient, socket: TLSSocket, attempt: Attempt, answers: BrokerAnswers): Connection {
  let ours = false;
  let over = false;
  let why: unknown = null;
  const ended = new Promise<Failure | null>((resolve) => {
    // It is over now, also where the broker leaves the connection open.
    client.on('disconnect', () => socket.destroy());
    // Bytes that are no packet of MQTT: nothing that comes behind them can be read.
    client.on('error', (error) => {
      why ??= error;
      socket.destroy();
    });
    socket.on('error', (error) => {
      why ??= error;
    });
    client.once('close', () => {
      over = true;
      resolve(ours ? null : diagnose(answers.ended ?? why ?? closed(), contextOf(attempt)));
    });
  });
  /** MQTT's own callbacks never come when the connection ends in between. */
  const orEnded = async <T>(stage: Stage, topic: string, work: Promise<T>): Promise<T> => {
    const lost = ended.then((failure) => Promise.reject(failure ?? new Failure('CANCELLED', { left: 'as they were' })));
    try {
      return await Promise.race([work, lost]);
    } catch (error) {
      if (error instanceof Failure) throw error;
      // The library gives up what was under way when the connection ends, and does not say why it ended.
      if (answers.ended !== null || socket.destroyed) throw (await ended) ?? new Failure('CANCELLED', { left: 'as they were' });
      throw diagnose(answers.refused ?? error, { ...contextOf(attempt, topic), stage });
    }
  };
  return {
    clientId: client.options.clientId ?? '',
    protocolVersion: attempt.protocolVersion,
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
      // A message that was never acknowledged would be waited for, also when nobody is there any more.
      if (over) client.end(true);
      else await client.endAsync();
      socket.destroy();
    },
  };
}
