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
 * an older CRL, and none that passed the new one. Mosquitto 2.0 has no command for it, but MQTT lets a second client with the
 * same client id take a session over, and that works when the certificate behind the first is already revoked.
 */
export async function kickSessions(usernames: readonly string[], before: number, context: KickContext): Promise<KickResult[]> {
  const started = performance.now();
  await catchUp(context);
  const queue = [...new Set(usernames)].map((username) => ({ username, stale: context.sessions.of(username, before) }));
  const results: KickResult[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const session of next.stale) await takeOver(session, context);
      results.push({ username: next.username, ended: next.stale.length, ms: Math.round((performance.now() - started) * 10) / 10 });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Sees this session gone; TIMEOUT when it is not within 5 s. */
export async function takeOver(session: LiveSession, context: KickContext): Promise<void> {
  const gone = seen(context, () => !isStill(session, context));
  const connection = await connectAs(context.endpoint, context.observer, { clientId: session.clientId, timeoutMs: goneMs });
  await connection.close();
  await gone;
}

const isStill = ({ clientId, username }: LiveSession, { sessions }: KickContext): boolean =>
  sessions.of(username).some((live) => live.clientId === clientId);

/** The log is a pipe: what happened before a connection of our own has been read when that connection is in it. */
export async function catchUp(context: KickContext): Promise<void> {
  const clientId = `birthmark-fence-${randomUUID()}`;
  const arrived = seen(context, () => context.sessions.isLive(clientId));
  const connection = await connectAs(context.endpoint, context.observer, { clientId, timeoutMs: goneMs });
  await arrived;
  await connection.close();
}

/** Resolves when the log has led to this; looked at now and after each line. */
function seen(context: KickContext, condition: () => boolean): Promise<unknown> {
  if (condition()) return Promise.resolve();
  const wait = context.log.line(condition, goneMs);
  // The connection that makes it come true may fail first, and its failure is the one that counts.
  wait.catch(() => undefined);
  return wait;
}
