import { describe, expect, test } from 'vitest';
import { symptomOf } from '../../../../src-main/station/support/why/index.ts';

const context = {
  stage: 'connect',
  endpoint: { host: 'broker.example', port: 8883, serverName: 'broker.example' },
  certificatePem: null,
  now: Date.UTC(2026, 0, 1),
} as const;

describe('what a device reports, by number or code and never by its words', () => {
  test.each([
    ['140:error:0A000414:SSL routines:ssl3_read_bytes:sslv3 alert certificate revoked:SSL alert number 44', 'CERTIFICATE_REVOKED'],
    ['ssl_msg.c:4123: got an alert message, type: [2:45]', 'BROKER_CRL_EXPIRED'],
    ['TLS fatal alert 116', 'NO_CERTIFICATE_SENT'],
    ['tls: alert: 70', 'BROKER_TLS_TOO_OLD'],
    ['MQTT CONNACK 5', 'LOGIN_REFUSED'],
    ['connect failed, return code = 4', 'LOGIN_REFUSED'],
    ['reason code 135', 'LOGIN_REFUSED'],
    ['connect: ECONNREFUSED', 'BROKER_REFUSES_CONNECTIONS'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'BROKER_CHAIN_UNTRUSTED'],
    ['certificate revoked, says the text', 'UNKNOWN_CAUSE'],
    ['', 'UNKNOWN_CAUSE'],
  ])('%s', (text, code) => {
    expect(symptomOf(text, context)).toMatchObject({ code });
  });
});
