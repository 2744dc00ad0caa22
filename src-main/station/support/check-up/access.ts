import { randomUUID } from 'node:crypto';
import { Failure } from '../../../contract/index.ts';
import type { TopicRule } from '../../topic-rule.ts';
import { connectAs, Trace, type BrokerEndpoint, type ConnectOptions, type TlsIdentity } from '../../verify/index.ts';

/** Why the broker refused, or null when it let the client in. */
export async function refusalOf(
  endpoint: BrokerEndpoint,
  identity: TlsIdentity | null,
  options: ConnectOptions,
): Promise<{ refusal: Failure | null; trace: Trace }> {
  const trace = new Trace();
  try {
    await (await connectAs(endpoint, identity, { ...options, trace })).close();
    return { refusal: null, trace };
  } catch (error) {
    if (error instanceof Failure) return { refusal: error, trace };
    throw error;
  }
}

/**
 * The good canary is in no access list: it may write nothing, and must not hear what the observer says to itself. Both are proven by
 * delivery, because Mosquitto grants subscriptions that it then does not serve. FOREIGN_TOPIC_ALLOWED.
 */
export async function provesAccessList(
  endpoint: BrokerEndpoint,
  clients: { readonly canary: TlsIdentity; readonly observer: TlsIdentity },
  rule: TopicRule,
  options: ConnectOptions,
): Promise<string> {
  const canary = await connectAs(endpoint, clients.canary, options);
  try {
    const foreign = rule.foreign('birthmark/~', randomUUID());
    if (await takes(canary, foreign)) throw new Failure('FOREIGN_TOPIC_ALLOWED', { topic: foreign });
    const heard: string[] = [];
    canary.onMessage(({ topic }) => void heard.push(topic));
    const listens = await canary.subscribe('#').then(
      () => true,
      () => false,
    );
    const topic = `station/fence/${randomUUID()}`;
    if (!listens || !(await says(endpoint, clients.observer, topic, options))) return 'publishing refused (135)';
    // Whatever the broker had for the canary came before the answer to this.
    await takes(canary, foreign);
    if (heard.includes(topic)) throw new Failure('FOREIGN_TOPIC_ALLOWED', { topic });
    return 'publishing refused (135), nothing of others delivered';
  } finally {
    await canary.close();
  }
}

async function takes(connection: Awaited<ReturnType<typeof connectAs>>, topic: string): Promise<boolean> {
  try {
    await connection.publish(topic, 'check');
    return true;
  } catch (error) {
    if (error instanceof Failure && (error.code === 'TOPIC_REFUSED' || error.code === 'BROKER_CLOSED')) return false;
    throw error;
  }
}

/** Publishes and hears itself: the message has been delivered to whoever may have it. False where the observer may not. */
async function says(endpoint: BrokerEndpoint, observer: TlsIdentity, topic: string, options: ConnectOptions): Promise<boolean> {
  const connection = await connectAs(endpoint, observer, options);
  try {
    const back = new Promise<boolean>((resolve) => {
      connection.onMessage((message) => message.topic === topic && resolve(true));
      setTimeout(() => resolve(false), options.timeoutMs ?? 5_000).unref();
    });
    await connection.subscribe(topic);
    return (await takes(connection, topic)) && (await back);
  } finally {
    await connection.close();
  }
}

/** What `$SYS/broker/version` says; null where the broker does not tell this client. */
export async function versionOf(
  endpoint: BrokerEndpoint,
  identity: TlsIdentity,
  options: ConnectOptions,
  waitMs = 500,
): Promise<string | null> {
  const connection = await connectAs(endpoint, identity, options);
  try {
    const told = new Promise<string | null>((resolve) => {
      connection.onMessage(({ payload }) => resolve(Buffer.from(payload).toString('utf8')));
      setTimeout(() => resolve(null), waitMs);
    });
    await connection.subscribe('$SYS/broker/version');
    return await told;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  } finally {
    await connection.close();
  }
}
