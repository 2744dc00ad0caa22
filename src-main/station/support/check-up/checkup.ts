import { Failure, isAway, type ProbeStep } from '../../../contract/index.ts';
import { instant } from '../../clock.ts';
import { requiredTopicRule, type TopicRule } from '../../topic-rule.ts';
import {
  certificatesOf,
  connectAs,
  skipped,
  sniff,
  timed,
  verifyConnection,
  type BrokerEndpoint,
  type TlsIdentity,
} from '../../verify/index.ts';
import { provesAccessList, refusalOf, versionOf } from './access.ts';
import { stranger } from './stranger.ts';
import { admitsOverWebsockets } from './websockets.ts';

export interface KnownCrl {
  readonly issuer: string;
  readonly number: number;
  readonly nextUpdate: string;
}

export interface CheckupParts {
  readonly endpoint: BrokerEndpoint;
  readonly identities: { readonly goodCanary: TlsIdentity; readonly revokedCanary: TlsIdentity; readonly observer: TlsIdentity };
  readonly issuersPem: string;
  /** Which topics a device has there; default: the required rule. */
  readonly topicRule?: TopicRule;
  /** What is published there; null where that is not known. */
  readonly crls: readonly KnownCrl[] | null;
  /** Other listeners to look at; null: there are none, or nobody may look. */
  readonly mqttPort: number | null;
  readonly websocketsPort: number | null;
  /** The broker runs on this computer. */
  readonly isLocal: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly timeoutMs: number;
}

const hour = 3_600_000;

/** Every check of a broker, each with its own answer. What cannot be seen from here is SKIPPED and says why; nothing is guessed. */
export async function checkBroker(parts: CheckupParts): Promise<ProbeStep[]> {
  const { endpoint, identities, issuersPem, timeoutMs, topicRule: rule = requiredTopicRule } = parts;
  const options = { issuersPem, timeoutMs };
  const way = await verifyConnection(endpoint, identities.observer, options);
  const step = (name: string): ProbeStep => way.steps.find((one) => one.name === name) ?? skipped(name, 'not tried');
  const checks: ProbeStep[] = [step('name'), step('tcp'), step('tls'), step('server certificate')];
  if (way.serverChain.length === 0 && checks.some(({ result }) => result === 'FAIL'))
    return [...checks, ...rest('the broker was not reached')];
  checks.push({ ...step('login'), name: 'observer let in' }, { ...step('plain TCP refused'), name: 'plaintext refused' });
  checks.push(...(await withoutCertificate(parts)));
  checks.push(await timed('TLS 1.2 or newer', () => oldTls(parts)));
  checks.push(await timed('unknown CA refused', () => unknownCa(parts)));
  checks.push(await timed('revoked canary refused', () => revokedCanary(parts)));
  const good = await timed('good canary let in', () => goodCanary(parts));
  checks.push(good);
  checks.push(
    good.result === 'PASS'
      ? await timed('access list', () =>
          provesAccessList(endpoint, { canary: identities.goodCanary, observer: identities.observer }, rule, options),
        )
      : skipped('access list', 'needs the good canary'),
  );
  checks.push(await timed('revocation list', () => Promise.resolve(crlAge(parts))));
  checks.push(await timed('clock', () => Promise.resolve(clock(parts, good.result === 'PASS'))));
  checks.push(await otherPort('MQTT listener', parts.mqttPort, (port) => mqttListener(parts, port)));
  checks.push(await otherPort('websockets', parts.websocketsPort, (port) => websocketsListener(parts, port)));
  checks.push(good.result === 'PASS' ? await version(parts) : skipped('version', 'needs the good canary'));
  return checks;
}

const restNames = [
  'observer let in', 'plaintext refused', 'anonymous refused', 'client certificate required', 'TLS 1.2 or newer', 'unknown CA refused',
  'revoked canary refused', 'good canary let in', 'access list', 'revocation list', 'clock', 'MQTT listener', 'websockets', 'version',
]; // prettier-ignore
const rest = (why: string): ProbeStep[] => restNames.map((name) => skipped(name, why));

async function withoutCertificate({ endpoint, timeoutMs }: CheckupParts): Promise<ProbeStep[]> {
  const { refusal } = await refusalOf(endpoint, null, { timeoutMs });
  return [
    await timed('anonymous refused', () => {
      if (refusal === null) throw new Failure('ANONYMOUS_ALLOWED', { port: endpoint.port });
      if (isAway(refusal)) throw refusal;
      return Promise.resolve(`refused: ${refusal.code}`);
    }),
    await timed('client certificate required', () => {
      // A CONNACK, whatever it says, comes only after a handshake without a certificate.
      if (refusal === null || refusal.code === 'LOGIN_REFUSED') throw new Failure('CERTIFICATE_NOT_REQUIRED');
      if (refusal.code !== 'NO_CERTIFICATE_SENT') throw refusal;
      return Promise.resolve('refused in the handshake');
    }),
  ];
}

async function oldTls({ endpoint, timeoutMs }: CheckupParts): Promise<string | null> {
  const refused: string[] = [];
  for (const tlsVersion of ['TLSv1', 'TLSv1.1'] as const) {
    const { refusal, trace } = await refusalOf(endpoint, null, { timeoutMs, tlsVersion });
    if (refusal === null || trace.protocol === tlsVersion) throw new Failure('OLD_TLS_ALLOWED', { version: tlsVersion });
    // Some libraries no longer offer these versions at all.
    if (refusal.code === 'UNKNOWN_CAUSE') return null;
    refused.push(tlsVersion);
  }
  return `${refused.join(' and ')} refused`;
}

async function unknownCa({ endpoint, timeoutMs, now }: CheckupParts): Promise<string> {
  const { refusal } = await refusalOf(endpoint, stranger(now), { timeoutMs });
  if (refusal === null) throw new Failure('UNKNOWN_CA_ADMITTED');
  if (isAway(refusal)) throw refusal;
  return `refused: ${refusal.code}`;
}

async function revokedCanary({ endpoint, identities, issuersPem, timeoutMs }: CheckupParts): Promise<string> {
  const { refusal } = await refusalOf(endpoint, identities.revokedCanary, { timeoutMs, issuersPem });
  if (refusal === null) throw new Failure('REVOKED_ADMITTED', { port: endpoint.port });
  if (refusal.code !== 'CERTIFICATE_REVOKED') throw refusal;
  return 'refused as revoked';
}

async function goodCanary({ endpoint, identities, issuersPem, timeoutMs }: CheckupParts): Promise<string> {
  await (await connectAs(endpoint, identities.goodCanary, { timeoutMs, issuersPem })).close();
  return 'CONNACK 0';
}

function crlAge({ crls, now }: CheckupParts): string | null {
  if (crls === null) return null;
  return crls
    .map(({ issuer, number, nextUpdate }) => {
      const left = Date.parse(nextUpdate) - now;
      if (left <= 0) throw new Failure('BROKER_CRL_EXPIRED', {}, `number ${number} of ${issuer} ended ${nextUpdate}`);
      return `#${number} of ${issuer}, ${(left / hour).toFixed(1)} h left`;
    })
    .join('; ');
}

/** MQTT does not tell the time. That a certificate was let in does: its dates hold by the broker's clock. */
function clock({ isLocal, identities }: CheckupParts, letIn: boolean): string | null {
  if (isLocal) return 'this computer’s';
  const [certificate] = certificatesOf(identities.goodCanary.certificatePem);
  if (!letIn || certificate === undefined) return null;
  return `after ${instant(certificate.validFromDate.getTime())} (from there on a certificate was accepted)`;
}

async function otherPort(name: string, port: number | null, check: (port: number) => Promise<string>): Promise<ProbeStep> {
  return port === null ? skipped(name, 'no such listener is expected') : timed(name, () => check(port));
}

/** Closed, or TLS that asks for a certificate and refuses the revoked one. */
async function mqttListener(parts: CheckupParts, port: number): Promise<string> {
  const endpoint = { ...parts.endpoint, port };
  const { refusal } = await refusalOf(endpoint, null, { timeoutMs: parts.timeoutMs });
  if (refusal === null) throw new Failure('ANONYMOUS_ALLOWED', { port });
  if (isAway(refusal)) return `port ${port} closed (${refusal.code})`;
  if (refusal.code === 'PORT_MODE_MISMATCH') {
    if (String(refusal.params['found']).startsWith('plain MQTT')) throw new Failure('PLAINTEXT_ALLOWED', { port }, refusal.detail);
    throw refusal;
  }
  const revoked = await refusalOf(endpoint, parts.identities.revokedCanary, { timeoutMs: parts.timeoutMs });
  if (revoked.refusal === null) throw new Failure('REVOKED_ADMITTED', { port });
  return `port ${port}: TLS, refused without a certificate (${refusal.code})`;
}

async function websocketsListener(parts: CheckupParts, port: number): Promise<string> {
  const endpoint = { ...parts.endpoint, port };
  const plain = await sniff(endpoint);
  if (plain === 'MQTT over websockets') throw new Failure('PLAINTEXT_ALLOWED', { port }, plain);
  if (plain !== null) return `port ${port}: no MQTT over websockets (${plain})`;
  if (await admitsOverWebsockets(endpoint, null, parts.timeoutMs)) throw new Failure('ANONYMOUS_ALLOWED', { port });
  if (await admitsOverWebsockets(endpoint, parts.identities.revokedCanary, parts.timeoutMs))
    throw new Failure('WEBSOCKETS_IGNORE_CRL', { port });
  const good = await admitsOverWebsockets(endpoint, parts.identities.goodCanary, parts.timeoutMs);
  return `port ${port} ${good ? 'lets certificates in, and refuses the revoked canary' : 'closed, or for no client certificate of ours'}`;
}

async function version({ endpoint, identities, issuersPem, timeoutMs }: CheckupParts): Promise<ProbeStep> {
  return timed('version', () => versionOf(endpoint, identities.observer, { issuersPem, timeoutMs }));
}
