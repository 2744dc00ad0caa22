import { Failure } from '../../../contract/index.ts';
import { diagnose, type DiagnosisContext } from '../../verify/index.ts';

/** As TLS libraries write it: OpenSSL's "SSL alert number 45", mbed TLS's "type: [2:45]", others' "alert 45". */
const alertNumbers = [/alert number (\d{1,3})/iu, /alert\D*\[\d:(\d{1,3})\]/iu, /alert\D{1,30}(\d{1,3})\b/iu] as const;
/** "CONNACK 5", "return code 5", "reason code 135", "rc=5". */
const reasonCode = /(?:connack|return code|reason code|reason|rc)\D{0,12}?(\d{1,3})\b/iu;
const systemCode = /\b(E[A-Z]{4,}|ERR_[A-Z0-9_]+|[A-Z]+(?:_[A-Z]+){2,})\b/u;

/** What the device itself reports, read as the station reads its own connections: by number or code, never by its words. */
export function symptomOf(text: string, context: DiagnosisContext): Failure {
  const alert = alertNumbers.map((pattern) => pattern.exec(text)?.[1]).find((one) => one !== undefined);
  if (alert !== undefined) return diagnose(new Error(`${text} (SSL alert number ${alert})`), context);
  const reason = reasonCode.exec(text)?.[1];
  if (reason !== undefined) return diagnose(Object.assign(new Error(text), { code: Number(reason) }), context);
  const code = systemCode.exec(text)?.[1];
  if (code !== undefined) return diagnose(Object.assign(new Error(text), { code }), context);
  return new Failure('UNKNOWN_CAUSE', { stage: 'the device' }, text);
}
