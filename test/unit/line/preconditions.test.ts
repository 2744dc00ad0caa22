import { expect, test } from 'vitest';
import { Failure, type SigningSession, type TokenView } from '../../../src-main/contract/index.ts';
import { preconditions, type Readiness } from '../../../src-main/station/line/index.ts';
import { order } from '../../support/registry.ts';

const now = Date.parse('2026-06-01T08:00:00.000Z');
const at = (days: number): string => new Date(now + days * 86_400_000).toISOString();

const session: SigningSession = {
  id: '6ecd8c99-4036-403d-bf84-cf8400f67836',
  kind: 'issue',
  issuer: 'i',
  profiles: ['device'],
  quota: 10,
  used: 0,
  openedAt: at(0),
  until: at(1),
  idleMinutes: 60,
  perMinute: 6000,
  operator: 'Ada',
  reason: 'test',
};
const view: TokenView = {
  label: 'HSM',
  model: 'm',
  serial: '42',
  manufacturer: 'x',
  firmware: '1',
  initialised: true,
  software: false,
  pinState: 'ok',
  triesLeft: null,
  pinPad: false,
};
const crl = {
  partition: 0,
  added: 0,
  dropped: 0,
  issuer: 'i',
  number: 1,
  thisUpdate: at(0),
  nextUpdate: at(1),
  entries: 0,
  bytes: 1,
  sha256: 'a'.repeat(64),
  publishedAt: null,
};
const broker = {
  name: 'b',
  kind: 'local' as const,
  version: null,
  state: 'up' as const,
  host: 'localhost',
  port: 8883,
  since: at(0),
  canary: null,
  waiting: 0,
  waitingSince: null,
  failure: null,
};
const good: Readiness = {
  clockDoubt: null,
  held: null,
  now,
  token: { state: 'open', view },
  session,
  sessionEnd: null,
  order,
  orderPassed: 0,
  issuerNotAfter: at(4000),
  validityDays: 365,
  crl,
  broker,
};

test('nothing is in the way of a ready line', () => {
  expect(preconditions(good)).toEqual([]);
  expect(preconditions({ ...good, broker: null })).toEqual([]);
});

test.each<[string, Partial<Readiness>, 'error' | 'warning', object]>([
  ['CLOCK_DOUBTFUL', { clockDoubt: new Failure('CLOCK_DOUBTFUL', { now: at(0), problem: 'x' }) }, 'error', { problem: 'x' }],
  ['TOKEN_ABSENT', { token: { state: 'absent', view } }, 'error', { label: 'HSM', serial: '42' }],
  ['TOKEN_NOT_SEEN', { token: { state: 'absent', view: null }, session: null }, 'error', {}],
  ['SESSION_ENDED', { session: null, sessionEnd: { at: at(0), why: 'its time was up' } }, 'error', { why: 'its time was up' }],
  ['SESSION_REFUSED', { session: { ...session, profiles: ['other'] } }, 'error', {}],
  ['SESSION_NONE', { session: null, token: { state: 'locked', view } }, 'error', {}],
  ['SESSION_NONE', { session: { ...session, kind: 'crl-only' } }, 'error', {}],
  ['SESSION_QUOTA_USED', { session: { ...session, used: 10 } }, 'error', { quota: 10 }],
  ['NO_ORDER', { order: null }, 'error', {}],
  ['ORDER_COMPLETE', { orderPassed: 100 }, 'error', { quantity: 100, order: order.id }],
  ['ISSUER_TOO_SHORT', { issuerNotAfter: at(364) }, 'error', {}],
  ['BROKER_CRL_EXPIRED', { crl: null }, 'warning', {}],
  ['BROKER_CRL_EXPIRED', { crl: { ...crl, nextUpdate: at(0) } }, 'warning', {}],
  ['BROKER_AWAY', { broker: { ...broker, state: 'away' } }, 'warning', { host: 'localhost', port: 8883 }],
])('%s', (code, change, level, params) => {
  expect(preconditions({ ...good, ...change })).toMatchObject([{ level, failure: { code, params } }]);
});

test('a CRL that runs out in a few hours is said while nobody can sign; an open session renews it', () => {
  const old = { ...crl, nextUpdate: at(0.2) };
  const codes = (state: Partial<Readiness>): string[] =>
    preconditions({ ...good, ...state }).map((one) => `${one.level} ${one.failure.code}`);
  expect(codes({ crl: old })).toEqual([]);
  expect(codes({ crl: old, session: null })).toContain('warning CRL_RUNS_OUT');
  expect(codes({ crl, session: null })).not.toContain('warning CRL_RUNS_OUT');
});
