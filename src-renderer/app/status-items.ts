import type { StationStatus } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { since, until } from '../lib/format.ts';
import type { Tone } from '../ui/tone.ts';

/** One item of the status bar: what it is about, the word that counts, and what else there is to say. */
export interface StatusItem {
  readonly tone: Tone;
  readonly name: string;
  readonly value: string;
  readonly more: string;
}

export function tokenItem({ token }: Pick<StationStatus, 'token'>): StatusItem {
  const tones = { open: 'pass', locked: 'hold', absent: 'fail', none: 'idle' } as const;
  const state = t(`status.token.${token.state}`);
  const item = { tone: tones[token.state], name: t('status.token') };
  return token.view === null ? { ...item, value: state, more: '' } : { ...item, value: token.view.label, more: state };
}

export function sessionItem({ session }: Pick<StationStatus, 'session'>, now: number): StatusItem {
  const name = t('status.session');
  if (session === null || Date.parse(session.until) <= now) return { tone: 'hold', name, value: t('status.session.none'), more: '' };
  const left = session.quota - session.used;
  return { tone: left > 0 ? 'pass' : 'hold', name, value: t('status.session.left', { left }), more: until(session.until, now) };
}

export function crlItem({ crl }: Pick<StationStatus, 'crl'>, now: number): StatusItem {
  const name = t('status.crl');
  if (crl === null) return { tone: 'idle', name, value: t('status.crl.none'), more: '' };
  const value = `#${crl.number}`;
  if (Date.parse(crl.nextUpdate) <= now) return { tone: 'fail', name, value, more: t('status.crl.expired') };
  return { tone: 'pass', name, value, more: t('status.crl.age', { age: since(crl.thisUpdate, now) }) };
}

export function brokerItem({ broker }: Pick<StationStatus, 'broker'>, now: number): StatusItem {
  const name = t('status.broker');
  if (broker === null) return { tone: 'idle', name, value: t('status.broker.none'), more: '' };
  if (broker.state === 'away') return { tone: 'fail', name, value: t('status.broker.away'), more: since(broker.since, now) };
  if (broker.state === 'starting') return { tone: 'busy', name, value: t('status.broker.starting'), more: '' };
  if (broker.waiting === 0) return { tone: 'pass', name, value: t('status.broker.up'), more: '' };
  return {
    tone: 'hold',
    name,
    value: t('status.waiting', { n: broker.waiting }),
    more: broker.waitingSince === null ? '' : since(broker.waitingSince, now),
  };
}

/** What waits for the broker host and for the central records. */
export function outboxItem({ outbox, records }: Pick<StationStatus, 'outbox' | 'records'>, now: number): StatusItem {
  const name = t('status.outbox');
  const waiting = records.reduce((sum, one) => sum + one.waiting, outbox.waiting);
  if (waiting === 0) return { tone: 'pass', name, value: t('status.outbox.empty'), more: '' };
  const [oldest] = [outbox.oldest, ...records.map((one) => one.waitingSince)].filter((at) => at !== null).sort();
  return { tone: 'hold', name, value: t('status.waiting', { n: waiting }), more: oldest === undefined ? '' : since(oldest, now) };
}
