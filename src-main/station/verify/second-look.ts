import { Failure } from '../../contract/index.ts';
import { alertOf, diagnose, type DiagnosisContext } from './diagnose.ts';
import type { BrokerEndpoint, TlsIdentity } from './endpoint.ts';
import { openTcp, openTls, type Handshake } from './sockets.ts';
import { sniff, sniffInside, speakerOf } from './sniff.ts';
import { Trace } from './trace.ts';

const quietMs = 2_000;

/**
 * What an error hides, asked again in another way before it is named: a reset may have swallowed the broker's alert, silence may be
 * another protocol that waits for its own words, and a TLS version is too old for one of two reasons.
 */
export async function lookAgain(error: unknown, handshake: Handshake, context: DiagnosisContext): Promise<Failure> {
  const { alert, trace } = handshake;
  const seen = alert ?? error;
  if (alertOf(seen) === 70) return diagnose(seen, { ...context, newerIsAccepted: await acceptsNewer(handshake) });
  if (alert !== undefined || !isVague(seen)) return diagnose(seen, context);
  if (trace.stage === 'tls') {
    const found = await sniff(handshake.endpoint);
    if (found !== null) return mismatch(found, seen);
  }
  if (trace.stage === 'connect') {
    // 0x20 is CONNACK: then it is MQTT.
    const found = trace.firstBytes[0] === 0x20 ? null : speakerOf(trace.firstBytes, new Uint8Array());
    if (found === 'HTTP') return mismatch(`${(await askInside(handshake)) ?? found} over TLS`, seen);
    if (found !== null) return mismatch(`${found} over TLS`, seen);
    const again = await silentHandshake(handshake);
    if (again.error !== null) return diagnose(again.error, context);
    if (again.found !== null) return mismatch(`${again.found} over TLS`, seen);
  }
  return diagnose(seen, context);
}

const mismatch = (found: string, error: unknown): Failure => new Failure('PORT_MODE_MISMATCH', { found, asked: 'MQTT over TLS' }, error);

/** Says nothing about its cause by itself: closed, silent, or bytes that OpenSSL or the MQTT parser cannot read. */
function isVague(error: unknown): boolean {
  if (error instanceof Failure) return error.code === 'BROKER_SILENT';
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (code === undefined) return true;
  return typeof code === 'string' && (code === 'ECONNRESET' || code === 'EPIPE' || code === 'EPROTO' || code.startsWith('ERR_SSL_'));
}

/** Would the broker go on with the versions that we have? Without a word about who we are. */
async function acceptsNewer({ endpoint, tlsVersion }: Handshake): Promise<boolean> {
  if (tlsVersion === undefined) return false;
  const { error, trace } = await handshakeOnly(endpoint, null);
  return error === null || trace.serverChain.length > 0;
}

/** A handshake after which we send nothing MQTT: our CONNECT may have crossed the broker's alert, and the reset swallowed it. */
async function silentHandshake({ endpoint, identity, tlsVersion }: Handshake): Promise<{ error: unknown; found: string | null }> {
  return handshakeOnly(endpoint, identity, tlsVersion, true);
}

async function handshakeOnly(
  endpoint: BrokerEndpoint,
  identity: TlsIdentity | null,
  tlsVersion?: Handshake['tlsVersion'],
  listen = false,
): Promise<{ error: unknown; found: string | null; trace: Trace }> {
  const trace = new Trace();
  const handshake: Handshake = { endpoint, identity, tlsVersion, trace };
  const { tcp, connected } = openTcp(endpoint, trace);
  const giveUp = setTimeout(() => tcp.destroy(), quietMs);
  try {
    await connected;
    const socket = await openTls(tcp, handshake);
    if (!listen) return { error: null, found: null, trace };
    // Under TLS 1.3 the broker's alert comes after the handshake; a server of another protocol waits for its own words.
    if (!socket.destroyed)
      await new Promise((resolve) =>
        socket
          .resume()
          .once('close', resolve)
          .setTimeout(quietMs / 4, () => resolve(null)),
      );
    if (handshake.alert !== undefined) return { error: handshake.alert, found: null, trace };
    return {
      error: null,
      found: socket.destroyed ? await askInside({ endpoint, identity, tlsVersion }) : await sniffInside(socket),
      trace,
    };
  } catch (error) {
    return { error: handshake.alert ?? (listen && isVague(error) ? null : error), found: null, trace };
  } finally {
    clearTimeout(giveUp);
    tcp.destroy();
  }
}

/** It closes whoever says nothing: a new connection that speaks at once. */
async function askInside({ endpoint, identity, tlsVersion }: Omit<Handshake, 'trace'>): Promise<string | null> {
  const trace = new Trace();
  const { tcp, connected } = openTcp(endpoint, trace);
  try {
    await connected;
    return await sniffInside(await openTls(tcp, { endpoint, identity, tlsVersion, trace }));
  } catch {
    return null;
  } finally {
    tcp.destroy();
  }
}
