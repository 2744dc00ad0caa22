import { randomUUID } from 'node:crypto';
import { connectAs } from '../verify/index.ts';
import type { BrokerEndpoint, KickResult, TlsIdentity } from './host.ts';
import type { LiveSession, SessionLog } from './session-log.ts';

/** A broker's log, as it comes. */
export interface LogLines {
  /** The next line that `wanted` accepts; rejects when the time is over or the broker is gone. */
  line(wanted: (line: string) => boolean, timeoutMs: number): Promise<string>;
}

export interface KickContext {
  readonly endpoint: BrokerEndpoint;
  readonly observer: TlsIdentity;
  readonly log: LogLines;
  readonly sessions: SessionLog;
}

const goneMs = 5_000;
const atOnce = 8;

/**
 * Ends the sessions of these usernames whose connections were accepted before reload number `before`: all that were judged by
 * an older CRL, and none that passed the new one. Mosquitto has no command for it, but MQTT lets a second client with the
 * same client id take a session over, and that works when the certificate behind the first is already revoked.
 * The log must have been caught up with.
 */
export async function kickSessions(usernames: readonly string[], before: number, context: KickContext): Promise<KickResult[]> {
  const started = performance.now();
  const elapsed = (): number => Math.round((performance.now() - started) * 10) / 10;
  const results = new Map(usernames.map((username) => [username, { username, ended: 0, ms: elapsed() }]));
  const queue = [...results.values()].flatMap((result) =>
    context.sessions.of(result.username, before).map((session) => ({ session, result })),
  );
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await takeOver(next.session, context);
      next.result.ended += 1;
      next.result.ms = elapsed();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return [...results.values()];
}

/**
 * Ends this session, or finds it gone. CONNACK says so: a server that lets a client in has ended what had its client id
 * (MQTT 5, 3.1.4-3), so nothing is waited for that the log may say late, or in other words.
 */
export async function takeOver(session: LiveSession, context: KickContext): Promise<void> {
  // Ended meanwhile, and somebody else may have its client id now.
  if (!context.sessions.isLive(session)) return;
  const connection = await connectAs(context.endpoint, context.observer, { clientId: session.clientId, timeoutMs: goneMs });
  context.sessions.forget(session);
  await connection.close();
}

/** The log comes with a delay: what happened before a connection of our own has been read when that connection is in it. */
export async function catchUp({ endpoint, observer, log }: KickContext): Promise<void> {
  const clientId = `birthmark-fence-${randomUUID()}`;
  const arrived = log.line((line) => line.startsWith('New client connected') && line.includes(clientId), goneMs);
  // The connection that makes it come may fail first, and its failure is the one that counts.
  arrived.catch(() => undefined);
  const connection = await connectAs(endpoint, observer, { clientId, timeoutMs: goneMs });
  await arrived;
  await connection.close();
}
