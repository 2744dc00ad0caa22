import { describe, expect, it } from 'vitest';
import { backupItem, brokerItem, crlItem, outboxItem, sessionItem, tokenItem } from '../../../src-renderer/app/status-items.ts';
import { afterServiceChange } from '../../../src-renderer/app/station.ts';
import * as given from '../../support/renderer-mock/fixtures.ts';

const now = Date.now();

describe('the status bar', () => {
  it('names the token and its state', () => {
    expect(tokenItem(given.status())).toMatchObject({ tone: 'pass', value: 'Line 2 HSM', more: 'open' });
    expect(tokenItem({ token: { state: 'none', view: null } })).toMatchObject({ tone: 'idle', value: 'no token' });
    expect(tokenItem({ token: { state: 'absent', view: given.token } }).tone).toBe('fail');
  });

  it('does not call a session open that has run out of time or certificates', () => {
    const session = given.session();
    const { token } = given.status();
    expect(sessionItem({ token, session }, now)).toMatchObject({ tone: 'pass', value: '63 left' });
    expect(sessionItem({ token, session: { ...session, used: 200 } }, now)).toMatchObject({ tone: 'hold', value: '0 left' });
    expect(sessionItem({ token, session: { ...session, until: given.at(-3_600_000) } }, now)).toMatchObject({
      tone: 'hold',
      value: 'closed',
    });
  });

  it('does not call a session good that cannot issue, nor a token whose PIN is locked', () => {
    const { token, session } = given.status();
    if (session === null) throw new Error('the fixture has a session');
    expect(sessionItem({ token, session: { ...session, kind: 'crl-only' } }, now).tone).toBe('hold');
    expect(tokenItem({ token: { state: 'locked', view: { ...given.token, pinState: 'locked' } } }).tone).toBe('fail');
  });

  it('calls an old list expired', () => {
    const crl = given.crl();
    expect(crlItem({ crl }, Date.parse(crl.thisUpdate) + 18 * 60_000)).toMatchObject({ tone: 'pass', value: '#412', more: '18 min old' });
    expect(crlItem({ crl }, Date.parse(crl.nextUpdate))).toMatchObject({ tone: 'fail', more: 'expired' });
  });

  it('tells a broker that is away from one that is behind', () => {
    expect(brokerItem({ broker: given.broker() }, now).tone).toBe('pass');
    const waitingSince = given.at(0);
    const behind = { ...given.broker(), waiting: 2, waitingSince };
    expect(brokerItem({ broker: behind }, Date.parse(waitingSince) + 40_500)).toMatchObject({
      tone: 'hold',
      value: '2 waiting',
      more: '40 s',
    });
    expect(brokerItem({ broker: { ...given.broker(), state: 'away' } }, now).tone).toBe('fail');
    const canary = { at: given.at(0), revokedRefused: false, goodAccepted: true };
    expect(brokerItem({ broker: { ...given.broker(), canary } }, now).tone).toBe('fail');
    expect(brokerItem({ broker: { ...given.broker(), failure: given.failure('BROKER_CRL_EXPIRED') } }, now).tone).toBe('fail');
  });

  it('says what the station still owes', () => {
    expect(outboxItem({ outbox: { waiting: 0, oldest: null }, records: [] }, now).tone).toBe('pass');
    expect(outboxItem({ outbox: { waiting: 7, oldest: null }, records: [] }, now)).toMatchObject({ tone: 'hold', value: '7 waiting' });
    expect(outboxItem({ outbox: { waiting: 0, oldest: null }, records: [given.recordsView({ problems: 1 })] }, now).tone).toBe('fail');
    const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
    const database = given.recordsView({ state: 'away', waiting: 5, waitingSince: ago(30) });
    expect(outboxItem({ outbox: { waiting: 7, oldest: ago(2) }, records: [database] }, now)).toMatchObject({
      value: '12 waiting',
      more: '30 min',
    });
  });

  it('says how old the newest backup is, and when that is too old', () => {
    const newest = given.at(0);
    const after = (hours: number) => Date.parse(newest) + hours * 3_600_000;
    const failure = given.failure('BACKUP_FOLDER_AWAY');
    expect(backupItem({ backup: { newest, failure: null } }, after(5))).toMatchObject({ tone: 'pass', value: '5 h old', more: '' });
    expect(backupItem({ backup: { newest, failure: null } }, after(26))).toMatchObject({
      tone: 'fail',
      value: '26 h old',
      more: 'too old',
    });
    expect(backupItem({ backup: { newest, failure } }, after(5))).toMatchObject({ tone: 'hold', more: 'the last attempt failed' });
    expect(backupItem({ backup: { newest: null, failure } }, after(0))).toMatchObject({ tone: 'fail', value: 'none yet' });
    expect(backupItem({ backup: { newest: null, failure: null } }, after(0)).tone).toBe('idle');
  });
});

describe('services that start again', () => {
  it('are remembered until each of them is up', () => {
    const one = afterServiceChange([], { service: 'signer', state: 'restarting' });
    const two = afterServiceChange(one, { service: 'station', state: 'restarting' });
    expect(two).toEqual(['signer', 'station']);
    expect(afterServiceChange(two, { service: 'signer', state: 'restarting' })).toEqual(['station', 'signer']);
    expect(afterServiceChange(two, { service: 'signer', state: 'up' })).toEqual(['station']);
  });
});
