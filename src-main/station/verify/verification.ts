import type { X509Certificate } from 'node:crypto';
import {
  Failure,
  toFailureData,
  type ChainLink,
  type ErrorCode,
  type FailureData,
  type ProbeStep,
  type TlsVersion,
} from '../../contract/index.ts';
import { systemClock } from '../clock.ts';
import { requiredTopicRule, type TopicRule } from '../topic-rule.ts';
import { judgeChain } from './chain.ts';
import { connectAs, type Connection } from './connection.ts';
import type { BrokerEndpoint, Login, TlsIdentity } from './endpoint.ts';
import type { Observer } from './observer.ts';
import { certificatesOf } from './pem.ts';
import { isNamedByCommonNameOnly, weaknessIn } from './server-certificate.ts';
import { answersPlainMqtt } from './sniff.ts';
import { provesIsolation, provesOwnTopic } from './topics.ts';
import { Trace } from './trace.ts';

export interface VerifyOptions {
  /** `{tenant}/{device}` whose topics are tried; without it the topic steps are skipped. */
  readonly device?: string;
  /** Which topics it has; default: the required rule. */
  readonly topicRule?: TopicRule;
  /** Watches the neighbour's topic, so that a message the broker acknowledged but should not deliver is seen. */
  readonly observer?: Observer;
  readonly login?: Login;
  readonly tlsVersion?: TlsVersion;
  readonly protocolVersion?: 4 | 5;
  readonly signal?: AbortSignal;
  /** For the connection and for each step after it; default 5 s. */
  readonly timeoutMs?: number;
  readonly issuersPem?: string;
}

/** The way to the broker as one client sees it, and both chains as far as they were shown. */
export interface Verification {
  readonly steps: readonly ProbeStep[];
  /** The first thing that is wrong; null when nothing is. */
  readonly diagnosis: FailureData | null;
  readonly protocol: string | null;
  readonly cipher: string | null;
  /** What the broker presented, leaf first; a last certificate that is ours may not have been sent. */
  readonly serverChain: readonly ChainLink[];
  /** What we sent. */
  readonly clientChain: readonly ChainLink[];
}

const day = 86_400_000;

/** About the broker's certificate, and about ours: their step is the same under TLS 1.2 and 1.3, which tell them at different times. */
const aboutServer: readonly ErrorCode[] = [
  'BROKER_CERTIFICATE_WEAK', 'BROKER_UNTRUSTED', 'BROKER_CHAIN_UNTRUSTED', 'BROKER_NAME_MISMATCH', 'BROKER_CERTIFICATE_DATES', 'BROKER_CHAIN_DATES',
]; // prettier-ignore
const aboutClient: readonly ErrorCode[] = [
  'CERTIFICATE_REVOKED', 'CERTIFICATE_EXPIRED', 'CERTIFICATE_REJECTED', 'CERTIFICATE_WRONG_USE', 'INVALID_CERTIFICATE_CHAIN',
  'CA_UNKNOWN_TO_BROKER', 'CA_EXPIRED', 'BROKER_CRL_EXPIRED', 'CLOCKS_DIFFER', 'SIGNATURE_MISMATCH', 'NO_CERTIFICATE_SENT', 'KEY_MISMATCH',
]; // prettier-ignore

/**
 * Tries the way of a client to the broker, step by step, and says for each what was found and how long it took. Steps after a failed
 * one are SKIPPED; the check of plain TCP is made whenever the port was reached. Never throws for what the broker does.
 */
export async function verifyConnection(
  endpoint: BrokerEndpoint,
  identity: TlsIdentity | null,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { device, topicRule: rule = requiredTopicRule, observer, timeoutMs = 5_000 } = options;
  const waiting = { signal: options.signal ?? new AbortController().signal, timeoutMs };
  const trace = new Trace();
  const attempt = await reach(endpoint, identity, { ...options, ...waiting }, trace);
  const { connection, failure } = attempt;
  const serverChain = judgeChain(trace.serverChain, {
    cas: certificatesOf(endpoint.serverCaPem),
    now: systemClock.now(),
    use: 'server',
    name: endpoint.serverName,
  });
  const steps = [...waySteps(trace, endpoint, serverChain, failure)];
  try {
    if (connection === null) steps.push(skipped('own topic', 'an earlier step failed'), skipped('isolation', 'an earlier step failed'));
    else if (device === undefined) steps.push(skipped('own topic', 'no device named'), skipped('isolation', 'no device named'));
    else {
      const own = await timed('own topic', () => provesOwnTopic(connection, { device, rule }, waiting));
      steps.push(own);
      if (own.result === 'FAIL') steps.push(skipped('isolation', 'an earlier step failed'));
      else steps.push(await timed('isolation', () => provesIsolation(connection, { device, rule }, observer, waiting)));
    }
  } finally {
    await connection?.close();
  }
  steps.push(
    trace.address === null
      ? skipped('plain TCP refused', 'the broker was not reached')
      : await timed('plain TCP refused', async () => {
          if (await answersPlainMqtt(endpoint)) throw new Failure('PLAINTEXT_ALLOWED', { port: endpoint.port });
          return 'refused';
        }),
  );
  return {
    steps,
    diagnosis: steps.find((step) => step.failure !== null)?.failure ?? null,
    protocol: trace.protocol,
    cipher: trace.cipher,
    serverChain,
    clientChain: clientChain(identity, options.issuersPem, failure),
  };
}

async function reach(
  endpoint: BrokerEndpoint,
  identity: TlsIdentity | null,
  options: VerifyOptions,
  trace: Trace,
): Promise<{ connection: Connection | null; failure: Failure | null }> {
  try {
    return { connection: await connectAs(endpoint, identity, { ...options, trace }), failure: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { connection: null, failure: error };
  }
}

type WayStep = 'name' | 'tcp' | 'tls' | 'server certificate' | 'login';

function* waySteps(
  trace: Trace,
  endpoint: BrokerEndpoint,
  serverChain: readonly ChainLink[],
  failure: Failure | null,
): Generator<ProbeStep> {
  const values: Readonly<Record<WayStep, () => string>> = {
    name: () => trace.address ?? 'found',
    tcp: () => `port ${endpoint.port}`,
    tls: () => [trace.protocol, trace.cipher].filter((one) => one !== null).join(', '),
    'server certificate': () => describeServer(serverChain[0], trace.serverChain, endpoint.serverName),
    login: () => 'CONNACK 0',
  };
  const broken = failure === null ? null : brokenStep(failure, trace);
  let over = false;
  for (const name of Object.keys(values) as WayStep[]) {
    const ms = name === 'server certificate' ? 0 : trace.msOf(name === 'login' ? 'connect' : name);
    if (over) yield skipped(name, 'an earlier step failed');
    else if (name === broken && failure !== null) yield { name, result: 'FAIL', ms, value: failure.code, failure: toFailureData(failure) };
    else yield { name, result: 'PASS', ms, value: values[name](), failure: null };
    over ||= name === broken;
  }
}

function brokenStep({ code }: Failure, trace: Trace): WayStep {
  if (aboutServer.includes(code)) return 'server certificate';
  if (aboutClient.includes(code)) return 'login';
  const { stage } = trace;
  return stage === 'name' || stage === 'tcp' || stage === 'tls' ? stage : 'login';
}

/** The handshake has already checked chain and name; what is left to say is how long it lasts. */
function describeServer(leaf: ChainLink | undefined, shown: readonly X509Certificate[], name: string): string {
  if (leaf === undefined) return 'not shown';
  const left = Math.floor((Date.parse(leaf.notAfter) - systemClock.now()) / day);
  const weakness = weaknessIn(shown);
  const [certificate] = shown;
  const byCommonName = certificate !== undefined && isNamedByCommonNameOnly(certificate, name);
  return [
    leaf.names === '' ? 'no name' : leaf.names,
    `ends ${leaf.notAfter} (${left} days left)`,
    ...(byCommonName ? [`${name} is only its common name: stricter clients refuse it`] : []),
    ...(weakness === null ? [] : [`${weakness}: stricter clients refuse it`]),
  ].join('; ');
}

/** Where the broker named our certificate and we find nothing wrong with it, the link that broke is the one it named. */
function clientChain(identity: TlsIdentity | null, issuersPem: string | undefined, failure: Failure | null): ChainLink[] {
  if (identity === null) return [];
  const cas: X509Certificate[] = certificatesOf(issuersPem ?? '');
  const [leaf, ...rest] = judgeChain(certificatesOf(identity.certificatePem), { cas, now: systemClock.now(), use: 'client' });
  if (leaf === undefined) return [];
  return [failure?.code === 'CERTIFICATE_REVOKED' ? { ...leaf, problem: 'revoked' } : leaf, ...rest];
}

export const skipped = (name: string, value: string): ProbeStep => ({ name, result: 'SKIPPED', ms: 0, value, failure: null });

/** Runs one check; null means that it cannot be told. */
export async function timed(name: string, work: () => Promise<string | null>): Promise<ProbeStep> {
  const started = performance.now();
  const ms = (): number => Math.round((performance.now() - started) * 10) / 10;
  try {
    const value = await work();
    if (value === null) return skipped(name, 'cannot be told from here');
    return { name, result: 'PASS', ms: ms(), value, failure: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { name, result: 'FAIL', ms: ms(), value: error.code, failure: toFailureData(error) };
  }
}
