import { describe, expect, test } from 'vitest';
import { Failure, type ErrorCode } from '../../../src-main/contract/index.ts';
import { isInconclusive } from '../../../src-main/station/broker/canaries.ts';
import { diagnose, type DiagnosisContext } from '../../../src-main/station/verify/index.ts';

const context: DiagnosisContext = {
  stage: 'connect',
  endpoint: { host: 'broker.example', port: 8883, serverName: 'broker.example' },
  certificatePem: 'a certificate',
  now: Date.UTC(2026, 0, 1),
};

/** OpenSSL's words differ between versions and between Node and Electron; only the number is taken. */
const alert = (number: number): Error =>
  Object.assign(new Error(`F01:error:0A000:SSL routines:whatever:any words:rec_layer_s3.c:1:SSL alert number ${number}`), {
    code: 'EPROTO',
  });
const coded = (code: string | number, more: object = {}): Error => Object.assign(new Error('words that may change'), { code, ...more });

const table: readonly (readonly [string, Error, Partial<DiagnosisContext>, ErrorCode])[] = [
  ['alert 44', alert(44), {}, 'CERTIFICATE_REVOKED'],
  ['alert 45 and a certificate we cannot date', alert(45), {}, 'BROKER_CRL_EXPIRED'],
  ['alert 42', alert(42), {}, 'CERTIFICATE_REJECTED'],
  ['alert 43', alert(43), {}, 'CERTIFICATE_REJECTED'],
  ['alert 46', alert(46), {}, 'CERTIFICATE_REJECTED'],
  ['alert 48 and a chain that cannot be read', alert(48), {}, 'INVALID_CERTIFICATE_CHAIN'],
  ['alert 51', alert(51), {}, 'INVALID_CERTIFICATE_CHAIN'],
  ['alert 40 without a certificate', alert(40), { certificatePem: null }, 'NO_CERTIFICATE_SENT'],
  ['alert 40 with one', alert(40), {}, 'UNKNOWN_CAUSE'],
  ['alert 116', alert(116), { certificatePem: null }, 'NO_CERTIFICATE_SENT'],
  ['alert 40 before the broker showed anything', alert(40), { certificatePem: null, serverChain: [] }, 'TLS_REFUSED'],
  ['alert 112, a server name it does not know', alert(112), {}, 'TLS_REFUSED'],
  ['alert 70 to an old version', alert(70), { tlsVersion: 'TLSv1.1' }, 'TLS_TOO_OLD'],
  [
    'alert 70 to an old version of a broker that has no newer',
    alert(70),
    { tlsVersion: 'TLSv1.2', newerIsAccepted: false },
    'BROKER_TLS_TOO_OLD',
  ],
  ['alert 70 to all that we have', alert(70), {}, 'BROKER_TLS_TOO_OLD'],
  ['a version older than we take', coded('ERR_SSL_UNSUPPORTED_PROTOCOL'), { stage: 'tls' }, 'BROKER_TLS_TOO_OLD'],
  ['alert 80, which says nothing', alert(80), {}, 'UNKNOWN_CAUSE'],
  ['a key of another certificate', coded('ERR_OSSL_X509_KEY_VALUES_MISMATCH'), { stage: 'tls' }, 'KEY_MISMATCH'],
  ['a key of another kind', coded('ERR_OSSL_X509_KEY_TYPE_MISMATCH'), { stage: 'tls' }, 'KEY_MISMATCH'],
  ['a server we cannot verify', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), { stage: 'tls' }, 'BROKER_CHAIN_UNTRUSTED'],
  ['a self-signed server', coded('DEPTH_ZERO_SELF_SIGNED_CERT'), { stage: 'tls' }, 'BROKER_CHAIN_UNTRUSTED'],
  ['a server whose certificate has expired', coded('CERT_HAS_EXPIRED'), { stage: 'tls' }, 'BROKER_CHAIN_DATES'],
  ['a server with another name', coded('ERR_TLS_CERT_ALTNAME_INVALID'), { stage: 'tls' }, 'BROKER_NAME_MISMATCH'],
  ['plain text where TLS was asked', coded('ERR_SSL_WRONG_VERSION_NUMBER'), { stage: 'tls' }, 'PORT_MODE_MISMATCH'],
  ['a refused connection', coded('ECONNREFUSED'), { stage: 'tcp' }, 'BROKER_REFUSES_CONNECTIONS'],
  ['silence', coded('ETIMEDOUT'), { stage: 'tcp' }, 'BROKER_SILENT'],
  ['no such name', coded('ENOTFOUND'), { stage: 'name' }, 'BROKER_NAME_UNKNOWN'],
  ['a reset', coded('ECONNRESET'), {}, 'BROKER_CLOSED'],
  ['CONNACK 5 (3.1.1)', coded(5), {}, 'LOGIN_REFUSED'],
  ['CONNACK 4 (3.1.1)', coded(4), {}, 'LOGIN_REFUSED'],
  ['CONNACK 135', coded(135), {}, 'LOGIN_REFUSED'],
  ['CONNACK 134', coded(134), {}, 'LOGIN_REFUSED'],
  ['CONNACK 1 (3.1.1)', coded(1), {}, 'MQTT_VERSION_REFUSED'],
  ['CONNACK 132', coded(132), {}, 'MQTT_VERSION_REFUSED'],
  ['CONNACK 133', coded(133), {}, 'CLIENT_ID_REFUSED'],
  ['SUBACK 128 (3.1.1)', coded(128), { stage: 'subscribe', topic: 't' }, 'TOPIC_REFUSED'],
  ['CONNACK 136', coded(136), {}, 'BROKER_BUSY'],
  ['CONNACK 149', coded(149), {}, 'MQTT_REASON_CODE'],
  ['a code that MQTT does not have', coded(250), {}, 'MQTT_REASON_CODE'],
  ['SUBACK 128 (MQTT 5)', coded(128), { stage: 'subscribe', topic: 't', mqttVersion: '5' }, 'MQTT_REASON_CODE'],
  ['alert 70 to a client with TLS 1.3 only', alert(70), { tlsVersion: 'TLSv1.3', newerIsAccepted: true }, 'BROKER_WITHOUT_TLS13'],
  ['no TLS 1.3 in common', coded('ERR_SSL_UNSUPPORTED_PROTOCOL'), { stage: 'tls', tlsVersion: 'TLSv1.3' }, 'BROKER_WITHOUT_TLS13'],
  ['a server whose key is too short', coded('ERR_SSL_EE_KEY_TOO_SMALL'), { stage: 'tls' }, 'BROKER_CERTIFICATE_WEAK'],
  ['PUBACK 135', coded(135), { stage: 'publish', topic: 't' }, 'TOPIC_REFUSED'],
  ['PUBACK 151', coded(151), { stage: 'publish', topic: 't' }, 'BROKER_BUSY'],
  ['DISCONNECT 142', coded(142), { stage: 'session' }, 'SESSION_TAKEN_OVER'],
  ['DISCONNECT 152', coded(152), { stage: 'session' }, 'SESSION_ENDED_BY_ADMINISTRATOR'],
  ['a code never seen before', coded('ERR_NEW'), {}, 'UNKNOWN_CAUSE'],
  ['an error without a code', new Error('certificate revoked, says the text'), {}, 'UNKNOWN_CAUSE'],
];

describe('the diagnosis', () => {
  test.each(table)('%s', (_, error, changes, code) => {
    expect(diagnose(error, { ...context, ...changes }).code).toBe(code);
  });

  test('always keeps the raw line', () => {
    for (const [, error, changes] of table) expect(diagnose(error, { ...context, ...changes }).detail).toContain(error.message);
  });

  test('names what the broker’s certificate is for', () => {
    const error = coded('ERR_TLS_CERT_ALTNAME_INVALID', { cert: { subjectaltname: 'DNS:a.example, IP Address:10.0.0.1' } });
    expect(diagnose(error, context).params).toEqual({ host: 'broker.example', names: 'a.example, 10.0.0.1' });
  });

  test('leaves a diagnosis as it is, and takes anything that was thrown', () => {
    const failure = new Failure('CERTIFICATE_REVOKED');
    expect(diagnose(failure, context)).toBe(failure);
    expect(diagnose('text', context)).toMatchObject({ code: 'UNKNOWN_CAUSE', detail: 'text' });
    expect(diagnose(null, context)).toMatchObject({ code: 'UNKNOWN_CAUSE' });
  });

  test.each([3, 136, 137, 151, 156, 157, 159])('CONNACK %i is no answer: nothing that was published is taken back for it', (code) => {
    expect(isInconclusive(diagnose(coded(code), context))).toBe(true);
  });
});
