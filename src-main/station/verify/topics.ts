import { randomUUID } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import type { TopicRule } from '../topic-rule.ts';
import type { Connection } from './connection.ts';
import type { Observer, Recorder, WaitOptions } from './observer.ts';

/** A device, and which topics it has. */
interface TopicOwner {
  readonly device: string;
  readonly rule: TopicRule;
}

/** Our own message must come back: granted and acknowledged prove nothing under acl_file. CERTIFICATE_NOT_FOUND when it does not. */
export async function provesOwnTopic(
  connection: Connection,
  { device, rule }: TopicOwner,
  { signal, timeoutMs }: WaitOptions,
): Promise<string> {
  const nonce = randomUUID();
  const topic = rule.verify(device, nonce);
  const arrived = new Promise<void>((resolve) => connection.onMessage((message) => message.topic === topic && resolve()));
  try {
    await connection.subscribe(topic);
    await connection.publish(topic, nonce);
  } catch (error) {
    // Let in but not allowed on its own topic: the certificate is good and the access list has no entry.
    if (error instanceof Failure && error.code === 'TOPIC_REFUSED') throw new Failure('CERTIFICATE_NOT_FOUND', { device }, error.detail);
    throw error;
  }
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const late = new Promise<never>((_, reject) => {
    const give = (): void =>
      reject(new Failure('CERTIFICATE_NOT_FOUND', { device }, `${topic}: acknowledged, not delivered within ${timeoutMs} ms`));
    deadline.addEventListener('abort', give, { once: true });
    if (deadline.aborted) give();
  });
  await Promise.race([arrived, late]);
  return `published and received ${topic}`;
}

/**
 * A message to a neighbour's topic must be refused, or at least reach nobody. Null when nobody can tell: MQTT 3.1.1 has no word for
 * a refusal, and there is no observer. FOREIGN_TOPIC_ALLOWED.
 */
export async function provesIsolation(
  connection: Connection,
  { device, rule }: TopicOwner,
  observer: Observer | undefined,
  waiting: WaitOptions,
): Promise<string | null> {
  const topic = rule.foreign(device, randomUUID());
  const recorder: Recorder | undefined = observer?.connected === true ? await observer.watch(topic, waiting) : undefined;
  try {
    const answer = await answerTo(connection, topic);
    const seen = await recorder?.fence(waiting);
    if (answer === 'taken' || (seen !== undefined && seen.length > 0)) throw new Failure('FOREIGN_TOPIC_ALLOWED', { topic });
    if (answer === 'acknowledged' && recorder === undefined) return null;
    return `${topic} ${answer}${recorder === undefined ? '' : ', nothing delivered'}`;
  } finally {
    await recorder?.close();
  }
}

async function answerTo(connection: Connection, topic: string): Promise<string> {
  try {
    await connection.publish(topic, 'isolation');
    return connection.protocolVersion === 5 ? 'taken' : 'acknowledged';
  } catch (error) {
    if (error instanceof Failure && error.code === 'TOPIC_REFUSED') return 'refused (135)';
    // RabbitMQ has no word for it before MQTT 5: it closes the connection.
    if (error instanceof Failure && error.code === 'BROKER_CLOSED') return 'refused by closing the connection';
    throw error;
  }
}
