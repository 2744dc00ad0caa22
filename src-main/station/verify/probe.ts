import { X509Certificate, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { Failure, toFailureData, type ProbeStep } from '../../contract/index.ts';
import { systemClock, instant } from '../clock.ts';
import { connectAs, type Connection } from './connection.ts';
import { diagnose, type Stage } from './diagnose.ts';
import { foreignTopic, verifyTopic, type BrokerEndpoint, type TlsIdentity } from './endpoint.ts';
import type { Observer } from './observer.ts';
import { answersPlainMqtt } from './plaintext.ts';

export interface ProbeOptions {
  /** `{tenant}/{device}` whose topics are tried; without it the topic steps are skipped. */
  readonly device?: string;
  /** Watches the neighbour's topic, so that a message the broker acknowledged but should not deliver is seen. */
  readonly observer?: Observer;
  readonly signal?: AbortSignal;
  /** For each step; default 5 s. */
  readonly timeoutMs?: number;
  readonly issuersPem?: string;
}

const day = 86_400_000;

/**
 * Tries the way of a device to the broker, step by step, and says for each what was found. `identity` null: only what can
 * be seen without a certificate; the broker must then refuse us. Steps after a failed one are SKIPPED; the check of plain
 * TCP is always made. Never throws for what the broker does.
 */
export async function probe(endpoint: BrokerEndpoint, identity: TlsIdentity | null, options: ProbeOptions = {}): Promise<ProbeStep[]> {
  const timeoutMs = options.timeoutMs ?? 5_000;
  const waiting = { signal: options.signal ?? new AbortController().signal, timeoutMs };
  const steps: ProbeStep[] = [];
  let broken = false;
  const step = async (name: string, work: () => Promise<string> | string): Promise<void> => {
    if (broken) return void steps.push(skipped(name, 'an earlier step failed'));
    const result = await timed(name, work);
    broken = result.result === 'FAIL';
    steps.push(result);
  };
  const context = (stage: Stage) => ({ stage, endpoint, certificatePem: identity?.certificatePem ?? null, now: systemClock.now() });

  await step('name', async () => {
    try {
      return (await lookup(endpoint.host)).address;
    } catch (error) {
      throw diagnose(error, context('name'));
    }
  });
  let connection: Connection | undefined;
  try {
    if (identity === null) {
      await step('login', () => mustBeRefused(endpoint, waiting));
    } else {
      await step('login', async () => {
        connection = await connectAs(endpoint, identity, {
          ...waiting,
          ...(options.issuersPem === undefined ? {} : { issuersPem: options.issuersPem }),
        });
        return `${connection.socket.getProtocol() ?? 'TLS'}, CONNACK 0`;
      });
      await step('server certificate', () => describeServer(connection));
      const { device } = options;
      if (device === undefined) steps.push(skipped('own topic', 'no device named'), skipped('isolation', 'no device named'));
      else {
        await step('own topic', () => ownTopic(connection, device, waiting));
        await step('isolation', () => isolation(connection, device, options.observer, waiting));
      }
    }
  } finally {
    await connection?.close();
  }
  const plaintext = await timed('plain TCP refused', async () => {
    if (await answersPlainMqtt(endpoint, timeoutMs)) throw new Failure('PORT_MODE_MISMATCH', { found: 'plain MQTT', asked: 'TLS' });
    return 'refused';
  });
  return [
    ...steps,
    steps[0]?.result === 'FAIL' || unreachable(steps) ? skipped('plain TCP refused', 'the broker was not reached') : plaintext,
  ];
}

const unreachable = (steps: readonly ProbeStep[]): boolean => steps.some(({ failure }) => failure?.code === 'BROKER_AWAY');

const skipped = (name: string, value: string): ProbeStep => ({ name, result: 'SKIPPED', ms: 0, value, failure: null });

async function timed(name: string, work: () => Promise<string> | string): Promise<ProbeStep> {
  const started = performance.now();
  const ms = (): number => Math.round((performance.now() - started) * 10) / 10;
  try {
    const value = await work();
    return { name, result: 'PASS', ms: ms(), value, failure: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { name, result: 'FAIL', ms: ms(), value: error.code, failure: toFailureData(error) };
  }
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

async function mustBeRefused(endpoint: BrokerEndpoint, waiting: Waiting): Promise<string> {
  let connection: Connection;
  try {
    connection = await connectAs(endpoint, null, waiting);
  } catch (error) {
    if (error instanceof Failure && error.code === 'NO_CERTIFICATE_SENT') return 'refused without a certificate';
    throw error;
  }
  await connection.close();
  throw new Failure('CERTIFICATE_NOT_REQUIRED');
}

/** The handshake has already checked chain and name; what is left to say is how long it lasts. */
function describeServer(connection: Connection | undefined): string {
  const peer = connection?.socket.getPeerCertificate();
  if (peer === undefined || peer.raw === undefined) return 'not seen';
  const certificate = new X509Certificate(peer.raw);
  const until = certificate.validToDate.getTime();
  return `${certificate.subjectAltName ?? 'no name'}; ends ${instant(until)} (${Math.floor((until - systemClock.now()) / day)} days left)`;
}

/** Our own message must come back: granted and acknowledged prove nothing under acl_file. */
async function ownTopic(connection: Connection | undefined, device: string, { signal, timeoutMs }: Waiting): Promise<string> {
  if (connection === undefined) throw new Failure('CANCELLED', { left: 'as they were' });
  const nonce = randomUUID();
  const topic = verifyTopic(device, nonce);
  const arrived = new Promise<void>((resolve) => connection.onMessage((message) => message.topic === topic && resolve()));
  await connection.subscribe(topic);
  try {
    await connection.publish(topic, nonce);
  } catch (error) {
    // Let in but not allowed on its own topic: the certificate is good and the access list has no entry.
    if (error instanceof Failure && error.code === 'TOPIC_REFUSED') throw new Failure('NOT_SYNCED_TO_BROKER', {}, error.detail);
    throw error;
  }
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const late = new Promise<never>((_, reject) => {
    const give = (): void =>
      reject(new Failure('NOT_SYNCED_TO_BROKER', {}, `${topic}: acknowledged, not delivered within ${timeoutMs} ms`));
    deadline.addEventListener('abort', give, { once: true });
    if (deadline.aborted) give();
  });
  await Promise.race([arrived, late]);
  return `published and received ${topic}`;
}

async function isolation(
  connection: Connection | undefined,
  device: string,
  observer: Observer | undefined,
  waiting: Waiting,
): Promise<string> {
  if (connection === undefined) throw new Failure('CANCELLED', { left: 'as they were' });
  const topic = foreignTopic(device, randomUUID());
  const recorder = await observer?.watch(topic, waiting);
  try {
    const refusal = await refusalOf(connection, topic);
    const seen = await recorder?.fence(waiting);
    if (refusal === null || (seen !== undefined && seen.length > 0)) throw new Failure('FOREIGN_TOPIC_ALLOWED', { topic });
    return `${topic} refused (135)${recorder === undefined ? '' : ', nothing delivered'}`;
  } finally {
    await recorder?.close();
  }
}

async function refusalOf(connection: Connection, topic: string): Promise<Failure | null> {
  try {
    await connection.publish(topic, 'isolation');
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'TOPIC_REFUSED') return error;
    throw error;
  }
}
