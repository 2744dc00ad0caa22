import { Failure, type RecordsHost } from '../../contract/index.ts';

/** Of a record itself, by SQLSTATE class: data exceptions and integrity constraints. No other record is to blame for it. */
const isAboutTheRecord = (sqlstate: string): boolean => /^2[23]/u.test(sqlstate);
/** Connection exceptions, no resources, operator intervention, object in use, and a recovery that is under way. */
const isAway = (sqlstate: string): boolean => /^(?:08|53|57|55006)/u.test(sqlstate);
/** Node's codes for a server certificate that does not pass. */
const untrusted = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT_ALTNAME_INVALID|INVALID_CA|HOSTNAME_MISMATCH|ERROR_IN_CERT)/u;

const networkWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no network',
  ENOTFOUND: 'its name cannot be found',
  EAI_AGAIN: 'the name server does not answer',
  ETIMEDOUT: 'no answer in time',
};
const trustWords: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
  HOSTNAME_MISMATCH: 'it is for another name',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_REVOKED: 'it is revoked',
};

interface DatabaseError extends Error {
  readonly code?: string;
  readonly severity?: string;
}

/** A single record that the database does not take, whoever sends it. */
export class RecordRefused extends Error {}

/** Another session has not finished with a row of the same key; it may hold it for ever. */
export class RecordHeld extends RecordRefused {}

/** Of a lock that was waited for as long as `lock_timeout` says. */
export const isLockTimeout = (thrown: unknown): boolean => (thrown as DatabaseError).code === '55P03';

/** What pg throws, as a failure with a name. A `RecordRefused` where one record is to blame. */
export function named(thrown: unknown, { host, port, database }: RecordsHost, station: string): Failure | RecordRefused {
  if (thrown instanceof Failure || thrown instanceof RecordRefused) return thrown;
  const { code = '', severity, message } = thrown as DatabaseError;
  const at = { host, port };
  // Only what the server itself says has a severity.
  if (severity === undefined) {
    if (untrusted.test(code))
      return new Failure(
        'RECORDS_UNTRUSTED',
        { ...at, problem: trustWords[code] ?? `no CA that is trusted here issued it (${code})` },
        thrown,
      );
    if (/does not support SSL/u.test(message)) return new Failure('RECORDS_UNTRUSTED', { ...at, problem: 'it does not speak TLS' }, thrown);
    if (/alert/u.test(code.toLowerCase()) || /alert/u.test(message))
      return new Failure('RECORDS_REFUSED', { ...at, problem: message, station }, thrown);
    return new Failure('RECORDS_AWAY', { ...at, stage: networkWords[code] ?? 'the connection ended' }, thrown);
  }
  if (isAboutTheRecord(code)) return new RecordRefused(message);
  if (isAway(code)) return new Failure('RECORDS_AWAY', { ...at, stage: message }, thrown);
  if (isLockTimeout(thrown)) return new RecordHeld(message);
  if (code === '3D000') return new Failure('RECORDS_NO_DATABASE', { ...at, database }, thrown);
  if (code.startsWith('28') || code === '42501') return new Failure('RECORDS_REFUSED', { ...at, problem: message, station }, thrown);
  return new Failure('RECORDS_FAILED', { ...at, problem: message, sqlstate: code }, thrown);
}
