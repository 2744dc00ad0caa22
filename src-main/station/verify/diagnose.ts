import type { X509Certificate } from 'node:crypto';
import { Failure, type ChainLink, type TlsVersion } from '../../contract/index.ts';
import { instant } from '../clock.ts';
import { describeName, isNamedBy, namesOf } from '../x509-files/index.ts';
import { BrokerAnswer } from './broker-answer.ts';
import type { BrokerEndpoint } from './endpoint.ts';
import { describeProblem, judgeChain } from './chain.ts';
import { certificatesOf } from './pem.ts';
import { reasonCodes, returnCodes, type AnswerPacket } from './reason-codes.ts';
import { weaknessIn } from './server-certificate.ts';

export type Stage = 'name' | 'tcp' | 'tls' | 'connect' | 'subscribe' | 'publish' | 'session';

export interface DiagnosisContext {
  readonly stage: Stage;
  readonly endpoint: Pick<BrokerEndpoint, 'host' | 'port' | 'serverName'>;
  /** What was presented; `keyPem` is not needed. Null: nothing was presented. */
  readonly certificatePem: string | null;
  /** CAs that this certificate should lead to, as the station knows them; without them only the chain's own links are judged. */
  readonly issuersPem?: string;
  /** Milliseconds since the epoch, by the station's clock. */
  readonly now: number;
  readonly topic?: string;
  /** What the broker presented, as far as it was seen; undefined: nobody looked. */
  readonly serverChain?: readonly X509Certificate[];
  /** The one version that was offered; undefined: all from 1.2 on. */
  readonly tlsVersion?: TlsVersion | undefined;
  /** After alert 70: does the broker go on with newer versions? */
  readonly newerIsAccepted?: boolean;
  readonly mqttVersion?: '5' | '3.1.1';
  readonly clientId?: string;
}

/** A name with several addresses gives one error for each. */
const raw = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(raw).join('; ');
  return error instanceof Error ? error.message.trim() : String(error);
};

function codeOf(error: unknown): string | number | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' || typeof error.code === 'number' ? error.code : null;
}

/** Number of the TLS alert the peer sent (RFC 8446 6.2): the only part of OpenSSL's text that is the same everywhere. */
export function alertOf(error: unknown): number | null {
  const found = /SSL alert number (\d+)/u.exec(raw(error));
  return found === null ? null : Number(found[1]);
}

/**
 * What a broker's answer means. By TLS alert number, error code and MQTT reason code, never by the words of a message;
 * what is not in the table is UNKNOWN_CAUSE with the raw line, because a wrong guess is worse than none.
 */
export function diagnose(error: unknown, context: DiagnosisContext): Failure {
  if (error instanceof Failure) return error;
  const alert = alertOf(error);
  if (alert !== null) return byAlert(alert, error, context);
  const code = codeOf(error);
  if (typeof code === 'number') return byReason(code, error, context);
  if (code !== null) return byCode(code, error, context);
  return unknown(error, context);
}

const unknown = (error: unknown, context: DiagnosisContext): Failure => new Failure('UNKNOWN_CAUSE', { stage: context.stage }, raw(error));

function byAlert(alert: number, error: unknown, context: DiagnosisContext): Failure {
  const detail = raw(error);
  switch (alert) {
    case 44:
      return new Failure('CERTIFICATE_REVOKED', {}, detail);
    case 45:
      return byDates(detail, context);
    case 42:
    case 43:
    case 46:
      return byCertificate(alert, detail, context);
    case 48:
    case 51:
      return byChain(alert, detail, context);
    case 116:
      return new Failure('NO_CERTIFICATE_SENT', {}, detail);
    case 40:
      if (wasRefusedUnseen(context)) return new Failure('TLS_REFUSED', { alert }, detail);
      // After its own certificate a broker that gets none of ours says so under TLS 1.2; who sent one is told nothing.
      return context.certificatePem === null ? new Failure('NO_CERTIFICATE_SENT', {}, detail) : unknown(error, context);
    case 71:
    case 112:
    case 120:
      return new Failure('TLS_REFUSED', { alert }, detail);
    case 70:
      return byVersion(detail, context);
    default:
      return unknown(error, context);
  }
}

/** BoringSSL (Electron) shows the broker's certificates only after the handshake: there nothing seen says nothing. */
const showsCertificates = !process.versions.openssl.startsWith('0.');
const wasRefusedUnseen = ({ serverChain }: DiagnosisContext): boolean => showsCertificates && serverChain?.length === 0;

/** The same alert stands for an expired certificate and for an expired CRL: only the dates that we know tell them apart. */
function byDates(detail: string, context: DiagnosisContext): Failure {
  const [leaf, ...cas] = clientChain(context);
  if (leaf !== undefined && Date.parse(leaf.notAfter) <= context.now)
    return new Failure('CERTIFICATE_EXPIRED', { notAfter: leaf.notAfter }, detail);
  const ca = [...cas, ...issuersOf(context)].find(({ notAfter }) => Date.parse(notAfter) <= context.now);
  if (ca !== undefined) return new Failure('CA_EXPIRED', { subject: ca.subject, notAfter: ca.notAfter }, detail);
  return new Failure('BROKER_CRL_EXPIRED', {}, detail);
}

const alertWords: Readonly<Record<number, string>> = { 42: 'bad certificate', 43: 'unsupported certificate', 46: 'certificate unknown' };

function byCertificate(alert: number, detail: string, context: DiagnosisContext): Failure {
  const chain = clientChain(context);
  const early = chain.find(({ notBefore }) => Date.parse(notBefore) > context.now);
  if (alert === 42 && early !== undefined) return new Failure('CLOCKS_DIFFER', { notBefore: early.notBefore }, detail);
  if (chain[0]?.problem === 'wrong-use') return new Failure('CERTIFICATE_WRONG_USE', { usage: usageOf(context) }, detail);
  const broken = chain.find(isBroken);
  if (broken !== undefined) return new Failure('INVALID_CERTIFICATE_CHAIN', { problem: describeProblem(broken) }, detail);
  return new Failure('CERTIFICATE_REJECTED', { alert, meaning: alertWords[alert] ?? 'without a name in TLS' }, detail);
}

function byChain(alert: number, detail: string, context: DiagnosisContext): Failure {
  const chain = clientChain(context);
  const broken = chain.find(isBroken);
  if (context.certificatePem !== null && (chain.length === 0 || broken !== undefined)) {
    const problem = broken === undefined ? 'The certificate cannot be read' : describeProblem(broken);
    return new Failure('INVALID_CERTIFICATE_CHAIN', { problem }, detail);
  }
  const issuer = chain.at(-1)?.issuer ?? 'the CA';
  return new Failure(alert === 51 ? 'SIGNATURE_MISMATCH' : 'CA_UNKNOWN_TO_BROKER', { issuer }, detail);
}

/** Too old is one of two: what we offered, or all that the broker has. Nothing is newer than 1.3: then it is the broker. */
function byVersion(detail: string, { tlsVersion, newerIsAccepted }: DiagnosisContext): Failure {
  if (tlsVersion === 'TLSv1.3') return new Failure('BROKER_WITHOUT_TLS13', {}, detail);
  if (tlsVersion === undefined || newerIsAccepted === false)
    return new Failure('BROKER_TLS_TOO_OLD', { offered: tlsVersion ?? 'TLS 1.2 and 1.3' }, detail);
  return new Failure('TLS_TOO_OLD', { offered: tlsVersion }, detail);
}

/** Broken in itself, whoever judges; an issuer that is unknown here may be known to the broker. */
const isBroken = ({ problem }: ChainLink): boolean =>
  problem !== null && ['signature', 'order', 'not-a-ca', 'path-too-long'].includes(problem);

/** The chain that was sent, judged here; empty when there is none, or none that can be read. */
function clientChain({ certificatePem, issuersPem, now }: DiagnosisContext): ChainLink[] {
  const chain = read(certificatePem);
  return judgeChain(chain, { cas: read(issuersPem ?? null), now, use: 'client' });
}

/** The CAs that we know above the certificate, nearest first. */
function issuersOf({ certificatePem, issuersPem, now }: DiagnosisContext): ChainLink[] {
  const known = read(issuersPem ?? null);
  const found: X509Certificate[] = [];
  for (let [last] = read(certificatePem); last !== undefined;) {
    const below = last;
    const ca = known.find((one) => isNamedBy(below, one));
    if (ca === undefined || found.includes(ca)) break;
    found.push(ca);
    last = ca;
  }
  return judgeChain(found, { cas: [], now, use: 'client' });
}

function usageOf({ certificatePem }: DiagnosisContext): string {
  const usage: readonly string[] | undefined = read(certificatePem)[0]?.keyUsage;
  return usage?.map((oid) => (oid === '1.3.6.1.5.5.7.3.1' ? 'serverAuth' : oid)).join(', ') ?? 'none';
}

/** OpenSSL's verdicts about the *server's* certificate, as Node names them. */
const untrusted: readonly string[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'CERT_REJECTED', 'INVALID_CA', 'INVALID_PURPOSE', 'CERT_CHAIN_TOO_LONG',
]; // prettier-ignore

/** OpenSSL refuses them by its security level; a verdict that Node has no name for is about the chain that was shown. */
const weakKeys: Readonly<Record<string, string>> = {
  ERR_SSL_EE_KEY_TOO_SMALL: 'The broker’s key is too short',
  ERR_SSL_CA_KEY_TOO_SMALL: 'A CA’s key is too short',
  ERR_SSL_CA_MD_TOO_WEAK: 'A signature in the broker’s chain uses a hash that is broken',
  ERR_SSL_DH_KEY_TOO_SMALL: 'The broker’s Diffie-Hellman key is too short',
};
const saysWeak = (code: string): boolean => code === 'UNSPECIFIED' || untrusted.includes(code);

const away: Readonly<Record<string, readonly ['BROKER_REFUSES_CONNECTIONS' | 'BROKER_SILENT' | 'BROKER_NAME_UNKNOWN', string]>> = {
  ECONNREFUSED: ['BROKER_REFUSES_CONNECTIONS', 'connection refused'],
  ETIMEDOUT: ['BROKER_SILENT', 'no answer'],
  EHOSTUNREACH: ['BROKER_SILENT', 'no route to it'],
  ENETUNREACH: ['BROKER_SILENT', 'no network'],
  ENOTFOUND: ['BROKER_NAME_UNKNOWN', 'name not found'],
  EAI_AGAIN: ['BROKER_NAME_UNKNOWN', 'the name server does not answer'],
};

function byCode(code: string, error: unknown, context: DiagnosisContext): Failure {
  const detail = `${code}: ${raw(error)}`;
  const { host, port } = context.endpoint;
  const [absence, stage] = away[code] ?? [];
  if (absence !== undefined && stage !== undefined) return new Failure(absence, { host, port, stage }, detail);
  const weakness = weakKeys[code] ?? (saysWeak(code) ? weaknessIn(context.serverChain ?? []) : null);
  if (weakness !== null) return new Failure('BROKER_CERTIFICATE_WEAK', { host, weakness }, detail);
  if (untrusted.includes(code)) return untrustedServer(context, detail);
  switch (code) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return serverDates(context, detail);
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return new Failure('BROKER_NAME_MISMATCH', { host: context.endpoint.serverName, names: namesIn(error) }, detail);
    case 'ERR_OSSL_X509_KEY_VALUES_MISMATCH':
    case 'ERR_OSSL_X509_KEY_TYPE_MISMATCH':
      return new Failure('KEY_MISMATCH', {}, detail);
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return new Failure('PORT_MODE_MISMATCH', { found: 'something that is not TLS', asked: 'MQTT over TLS' }, detail);
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
      return byVersion(detail, { ...context, newerIsAccepted: false });
    case 'ECONNRESET':
    case 'EPIPE':
      // The caller looks a second time, in other modes, before it comes here (second-look.ts).
      return new Failure('BROKER_CLOSED', { host, port, stage: stageWords[context.stage] }, detail);
    default:
      return unknown(error, context);
  }
}

const stageWords: Readonly<Record<Stage, string>> = {
  name: 'the name',
  tcp: 'once',
  tls: 'the TLS handshake',
  connect: 'the login',
  subscribe: 'a subscription',
  publish: 'a message',
  session: 'some time in the session',
};

function untrustedServer({ serverChain, endpoint: { host } }: DiagnosisContext, detail: string): Failure {
  const leaf = serverChain?.[0];
  if (leaf === undefined) return new Failure('BROKER_CHAIN_UNTRUSTED', { host }, detail);
  const { subject, issuer } = namesOf(leaf.raw);
  return new Failure('BROKER_UNTRUSTED', { subject: describeName(subject), issuer: describeName(issuer) }, detail);
}

/** Of the certificate in the broker's chain that is out of its dates, where the handshake showed it. */
function serverDates({ serverChain = [], now, endpoint: { host } }: DiagnosisContext, detail: string): Failure {
  const wrong = serverChain.find(({ validFromDate, validToDate }) => validToDate.getTime() <= now || validFromDate.getTime() > now);
  if (wrong === undefined) return new Failure('BROKER_CHAIN_DATES', { host }, detail);
  return new Failure(
    'BROKER_CERTIFICATE_DATES',
    {
      host,
      subject: describeName(namesOf(wrong.raw).subject),
      notBefore: instant(wrong.validFromDate.getTime()),
      notAfter: instant(wrong.validToDate.getTime()),
    },
    detail,
  );
}

const packetAt: Readonly<Record<Stage, AnswerPacket>> = {
  name: 'CONNACK',
  tcp: 'CONNACK',
  tls: 'CONNACK',
  connect: 'CONNACK',
  subscribe: 'SUBACK',
  publish: 'PUBACK',
  session: 'DISCONNECT',
};

/** By the tables of MQTT 5 and 3.1.1 (reason-codes.ts). What a device reports is a number alone: the stage says of which packet. */
function byReason(reason: number, error: unknown, context: DiagnosisContext): Failure {
  const answer = error instanceof BrokerAnswer ? error : new BrokerAnswer(packetAt[context.stage], reason);
  const { packet, reasonString, serverReference } = answer;
  const { host, port } = context.endpoint;
  const known = reasonCodes[reason] ?? (packet === 'CONNACK' ? returnCodes[reason] : undefined);
  const said = reasonString === null ? '' : `: “${reasonString}”`;
  const meaning = `${known?.name ?? 'a code that MQTT does not have'}${said}`;
  const elsewhere = serverReference === null ? '' : ` · server reference: ${serverReference}`;
  const own = error instanceof BrokerAnswer ? `${packet} ${String(reason)}` : raw(error);
  const detail = `${own} (${meaning})${elsewhere}`;
  const topic = context.topic ?? 'the topic';
  const isTopics = packet === 'PUBACK' || packet === 'SUBACK';
  // 3.1.1 has one code for every refused subscription.
  if (packet === 'SUBACK' && reason === 128 && context.mqttVersion !== '5') return new Failure('TOPIC_REFUSED', { topic, reason }, detail);
  switch (known?.kind) {
    case 'version':
      return new Failure('MQTT_VERSION_REFUSED', { reason, version: context.mqttVersion ?? '5' }, detail);
    case 'client id':
      return new Failure('CLIENT_ID_REFUSED', { reason, clientId: context.clientId ?? 'birthmark-…' }, detail);
    case 'login':
      return isTopics ? new Failure('TOPIC_REFUSED', { topic, reason }, detail) : new Failure('LOGIN_REFUSED', { reason, meaning }, detail);
    case 'topic':
      return isTopics
        ? new Failure('TOPIC_REFUSED', { topic, reason }, detail)
        : new Failure('MQTT_REASON_CODE', { packet, reason, meaning }, detail);
    case 'busy':
      return new Failure('BROKER_BUSY', { host, port, packet, reason, meaning }, detail);
    case 'moved':
      return new Failure('BROKER_MOVED', { host, reason, meaning, server: serverReference ?? 'no other server' }, detail);
    case 'taken over':
      return new Failure('SESSION_TAKEN_OVER', {}, detail);
    case 'administrator':
      return new Failure('SESSION_ENDED_BY_ADMINISTRATOR', {}, detail);
    case 'other':
    case undefined:
      return new Failure('MQTT_REASON_CODE', { packet, reason, meaning }, detail);
  }
}

/** `ERR_TLS_CERT_ALTNAME_INVALID` carries the certificate: its names are what could be asked for instead. */
function namesIn(error: unknown): string {
  const cert = typeof error === 'object' && error !== null && 'cert' in error ? error.cert : null;
  const san = typeof cert === 'object' && cert !== null && 'subjectaltname' in cert ? cert.subjectaltname : null;
  return typeof san === 'string' ? san.replace(/DNS:|IP Address:/gu, '') : 'no name';
}

function read(pem: string | null): X509Certificate[] {
  try {
    return pem === null ? [] : certificatesOf(pem);
  } catch {
    return [];
  }
}
