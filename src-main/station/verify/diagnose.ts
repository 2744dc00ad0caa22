import { X509Certificate } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { instant } from '../clock.ts';
import type { BrokerEndpoint } from './endpoint.ts';
import { chainIsGood } from './pem.ts';

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
}

const raw = (error: unknown): string => (error instanceof Error ? error.message.trim() : String(error));

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
  const certificate = read(context.certificatePem);
  switch (alert) {
    case 44:
      return new Failure('CERTIFICATE_REVOKED', {}, detail);
    case 45: {
      // The same alert stands for an expired certificate and for an expired CRL: only our own dates tell them apart.
      const notAfter = certificate?.validToDate.getTime();
      if (notAfter !== undefined && notAfter <= context.now)
        return new Failure('CERTIFICATE_EXPIRED', { notAfter: instant(notAfter) }, detail);
      return new Failure('BROKER_CRL_EXPIRED', {}, detail);
    }
    case 42: {
      const notBefore = certificate?.validFromDate.getTime();
      if (notBefore !== undefined && notBefore > context.now)
        return new Failure('CLOCKS_DIFFER', { notBefore: instant(notBefore) }, detail);
      return new Failure('CERTIFICATE_REJECTED', { alert }, detail);
    }
    case 43:
    case 46:
      return new Failure('CERTIFICATE_REJECTED', { alert }, detail);
    case 48:
      if (context.certificatePem !== null && !chainIsGood(context.certificatePem, context.issuersPem))
        return new Failure('INVALID_CERTIFICATE_CHAIN', {}, detail);
      return new Failure('CA_UNKNOWN_TO_BROKER', {}, detail);
    case 51:
      // decrypt_error: a signature in the chain, or the proof of the key, does not verify.
      return new Failure('INVALID_CERTIFICATE_CHAIN', {}, detail);
    case 40:
      // handshake_failure is about the certificate only where none was sent (TLS 1.2); else about ciphers: not known.
      return context.certificatePem === null ? new Failure('NO_CERTIFICATE_SENT', {}, detail) : unknown(error, context);
    case 116:
      return new Failure('NO_CERTIFICATE_SENT', {}, detail);
    case 70:
      return new Failure('TLS_TOO_OLD', {}, detail);
    default:
      return unknown(error, context);
  }
}

/** OpenSSL's verdicts about the *server's* certificate, as Node names them. */
const untrusted: readonly string[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'CERT_REJECTED', 'INVALID_CA', 'INVALID_PURPOSE', 'CERT_CHAIN_TOO_LONG',
]; // prettier-ignore

const away: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route',
  ENETUNREACH: 'no network',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name server does not answer',
};

function byCode(code: string, error: unknown, context: DiagnosisContext): Failure {
  const detail = `${code}: ${raw(error)}`;
  const { host, port } = context.endpoint;
  const stage = away[code];
  if (stage !== undefined) return new Failure('BROKER_AWAY', { host, port, stage }, detail);
  if (untrusted.includes(code)) return new Failure('BROKER_UNTRUSTED', {}, detail);
  switch (code) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return new Failure('BROKER_CERTIFICATE_DATES', { host }, detail);
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return new Failure('BROKER_NAME_MISMATCH', { host: context.endpoint.serverName, names: namesIn(error) }, detail);
    case 'ERR_OSSL_X509_KEY_VALUES_MISMATCH':
    case 'ERR_OSSL_X509_KEY_TYPE_MISMATCH':
      return new Failure('KEY_MISMATCH', {}, detail);
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return new Failure('PORT_MODE_MISMATCH', { found: 'plain TCP', asked: 'TLS' }, detail);
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
      return new Failure('TLS_TOO_OLD', {}, detail);
    case 'ECONNRESET':
    case 'EPIPE':
      // At the TLS stage the caller looks a second time, in the other mode, before it comes here (connection.ts).
      return new Failure('BROKER_AWAY', { host, port, stage: `closed at ${context.stage}` }, detail);
    default:
      return unknown(error, context);
  }
}

/** MQTT 5 reason codes (2.4) and the CONNACK return codes of 3.1.1 (3.2.2.3). */
function byReason(reason: number, error: unknown, context: DiagnosisContext): Failure {
  const detail = raw(error);
  const { host, port } = context.endpoint;
  if (context.stage === 'publish' || context.stage === 'subscribe') {
    return reason === 135 ? new Failure('TOPIC_REFUSED', { topic: context.topic ?? '', reason }, detail) : unknown(error, context);
  }
  switch (reason) {
    case 4:
    case 5:
    case 134:
    case 135:
    case 138:
      return new Failure('LOGIN_REFUSED', { reason }, detail);
    case 3:
    case 136:
    case 137:
    case 139:
      return new Failure('BROKER_AWAY', { host, port, stage: `reason code ${reason}` }, detail);
    case 142:
      return new Failure('SESSION_TAKEN_OVER', {}, detail);
    case 152:
      return new Failure('SESSION_ENDED_BY_ADMINISTRATOR', {}, detail);
    default:
      return unknown(error, context);
  }
}

/** `ERR_TLS_CERT_ALTNAME_INVALID` carries the certificate: its names are what could be asked for instead. */
function namesIn(error: unknown): string {
  const cert = typeof error === 'object' && error !== null && 'cert' in error ? error.cert : null;
  const san = typeof cert === 'object' && cert !== null && 'subjectaltname' in cert ? cert.subjectaltname : null;
  return typeof san === 'string' ? san.replace(/DNS:|IP Address:/gu, '') : 'no name';
}

function read(pem: string | null): X509Certificate | null {
  try {
    return pem === null ? null : new X509Certificate(pem);
  } catch {
    return null;
  }
}
