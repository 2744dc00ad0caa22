import { limits } from '../../src-main/contract/limits.ts';
import type { StationStatus } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { isAhead, since, until } from '../lib/format.ts';
import type { Tone } from '../ui/tone.ts';

/** One item of the status bar: what it is about, the word that counts, and what else there is to say. */
export interface StatusItem {
  readonly tone: Tone;
  readonly name: string;
  readonly value: string;
  readonly more: string;
}

/** What was last known, and is not known now: never as good. */
export const lastKnown = (item: StatusItem): StatusItem => ({ ...item, tone: 'unknown', more: t('unknown.last') });

export function tokenItem({ token: { state, view } }: Pick<StationStatus, 'token'>): StatusItem {
  const name = t('status.token');
  const word = t(`status.token.${state}`);
  if (state === 'none') return { tone: 'idle', name, value: word, more: '' };
  if (state === 'absent') return { tone: 'fail', name, value: view?.label ?? word, more: view === null ? '' : word };
  if (view === null) return { tone: 'unknown', name, value: word, more: t('status.token.unread') };
  if (view.pinState === 'locked') return { tone: 'fail', name, value: view.label, more: t('issuer.pin.locked') };
  return { tone: state === 'open' ? 'pass' : 'hold', name, value: view.label, more: word };
}

export function sessionItem({ session, token }: Pick<StationStatus, 'session' | 'token'>, now: number): StatusItem {
  const name = t('status.session');
  if (session === null || !isAhead(session.until, now)) return { tone: 'hold', name, value: t('status.session.none'), more: '' };
  const left = session.quota - session.used;
  const value = t('status.session.left', { left });
  if (token.state !== 'open') return { tone: 'unknown', name, value, more: t('status.session.noToken') };
  if (session.kind !== 'issue') return { tone: 'hold', name, value, more: t('session.crlOnly') };
  return { tone: left > 0 ? 'pass' : 'hold', name, value, more: until(session.until, now) };
}

export function crlItem({ crl }: Pick<StationStatus, 'crl'>, now: number): StatusItem {
  const name = t('status.crl');
  if (crl === null) return { tone: 'idle', name, value: t('status.crl.none'), more: '' };
  const value = `#${crl.number}`;
  if (!isAhead(crl.nextUpdate, now)) return { tone: 'fail', name, value, more: t('status.crl.expired') };
  if (crl.publishedAt === null) return { tone: 'hold', name, value, more: t('crl.notPublished') };
  return { tone: 'pass', name, value, more: t('status.crl.age', { age: since(crl.thisUpdate, now) }) };
}

export function brokerItem({ broker }: Pick<StationStatus, 'broker'>, now: number): StatusItem {
  const name = t('status.broker');
  if (broker === null) return { tone: 'idle', name, value: t('status.broker.none'), more: '' };
  const { state, waiting, waitingSince, canary } = broker;
  if (state === 'away') return { tone: 'fail', name, value: t('status.broker.away'), more: since(broker.since, now) };
  if (state === 'starting') return { tone: 'busy', name, value: t('status.broker.starting'), more: '' };
  if (broker.failure !== null) return { tone: 'fail', name, value: t('status.broker.fault'), more: '' };
  if (canary !== null && !(canary.revokedRefused && canary.goodAccepted))
    return { tone: 'fail', name, value: t('status.broker.fault'), more: t('broker.canary') };
  if (waiting > 0) {
    const more = waitingSince === null ? t('unknown.since') : since(waitingSince, now);
    return { tone: 'hold', name, value: t('status.waiting', { n: waiting }), more };
  }
  if (canary === null) return { tone: 'unknown', name, value: t('status.broker.unproven'), more: '' };
  return { tone: 'pass', name, value: t('status.broker.up'), more: '' };
}

/** What waits for the broker host and for the central records. */
export function outboxItem({ outbox, records }: Pick<StationStatus, 'outbox' | 'records'>, now: number): StatusItem {
  const name = t('status.outbox');
  const waiting = records.reduce((sum, one) => sum + one.waiting, outbox.waiting);
  const problems = records.reduce((sum, one) => sum + one.problems, 0);
  if (problems > 0) return { tone: 'fail', name, value: t('status.outbox.problems', { n: problems }), more: '' };
  if (waiting > 0) {
    const [oldest] = [outbox.oldest, ...records.map((one) => one.waitingSince)].filter((at) => at !== null).sort();
    const more = oldest === undefined ? t('unknown.since') : since(oldest, now);
    return { tone: 'hold', name, value: t('status.waiting', { n: waiting }), more };
  }
  if (records.some(({ state, failure }) => state === 'away' || failure !== null))
    return { tone: 'hold', name, value: t('status.outbox.empty'), more: t('status.outbox.away') };
  if (records.some(({ state }) => state === 'starting'))
    return { tone: 'unknown', name, value: t('status.outbox.empty'), more: t('status.outbox.starting') };
  return { tone: 'pass', name, value: t('status.outbox.empty'), more: '' };
}

/** Old: no backup for longer than a day and what a station that was off may be late. */
export function backupItem({ backup }: Pick<StationStatus, 'backup'>, now: number): StatusItem {
  const name = t('status.backup');
  if (backup === null) return { tone: 'idle', name, value: t('status.backup.none'), more: '' };
  const { newest, failure } = backup;
  if (newest === null) return { tone: failure === null ? 'idle' : 'fail', name, value: t('status.backup.none'), more: '' };
  const value = t('status.backup.age', { age: since(newest, now) });
  if (!isAhead(newest, now - limits.backupOldHours * 3_600_000)) return { tone: 'fail', name, value, more: t('status.backup.old') };
  if (failure !== null) return { tone: 'hold', name, value, more: t('status.backup.failed') };
  return { tone: 'pass', name, value, more: '' };
}

/** Who tells it, and whether that one can be asked now. */
export interface Sources {
  readonly station: boolean;
  readonly signer: boolean;
}

interface StatusItems {
  readonly token: StatusItem;
  readonly session: StatusItem;
  readonly crl: StatusItem;
  readonly broker: StatusItem;
  readonly outbox: StatusItem;
  readonly backup: StatusItem;
}

/** All of them. What a service tells is last known, and no more, while that service cannot be asked. */
export function statusItems(status: StationStatus, sources: Sources, now: number): StatusItems {
  const told = (isKnown: boolean, item: StatusItem): StatusItem => (isKnown ? item : lastKnown(item));
  return {
    token: told(sources.station && sources.signer, tokenItem(status)),
    session: told(sources.station && sources.signer, sessionItem(status, now)),
    crl: told(sources.station, crlItem(status, now)),
    broker: told(sources.station, brokerItem(status, now)),
    outbox: told(sources.station, outboxItem(status, now)),
    backup: told(sources.station, backupItem(status, now)),
  };
}
