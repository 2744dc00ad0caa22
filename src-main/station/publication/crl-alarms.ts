import { Failure, limits, type Alarm, type CrlView } from '../../contract/index.ts';
import { renewMs, type CrlBuilder } from './crl-builder.ts';

/** Twice missed while a session is open is not chance; without one, nothing renews it, and that alone is no news. */
const missedMs = 2 * renewMs;
/** Two working days, or a quarter of a shorter life. */
const runsOutMs = 48 * 3_600_000;
/** Measured on Mosquitto: a reload of 100,000 entries took 1.5 to 1.8 s, each handshake 59 ms (broker.md). */
const perEntry = { reloadMs: 0.0165, handshakeMs: 0.0006 };

export interface CrlAlarmParts {
  readonly now: number;
  readonly builders: readonly CrlBuilder[];
  /** The one before `newest`, of the same scope. */
  readonly before: (newest: CrlView) => CrlView | null;
  /** Somebody allows the token to sign. */
  readonly session: boolean;
}

/** What is wrong with age, numbers and size of the CRLs, one alarm per condition and list. */
export function crlAlarms(parts: CrlAlarmParts): Alarm[] {
  return [...parts.builders.flatMap((builder) => alarmsOf(builder, parts)), ...sizeAlarm(parts.builders), ...waitingAlarm(parts)];
}

function alarmsOf(builder: CrlBuilder, { now, before, session }: CrlAlarmParts): Alarm[] {
  const newest = builder.newest();
  if (newest === null) return [];
  const { issuer, partition } = builder.scope;
  const name = builder.issuer.partitions === 1 ? issuer : `${issuer}, partition ${String(partition)}`;
  const { number, thisUpdate, nextUpdate } = newest;
  const [age, left] = [now - Date.parse(thisUpdate), Date.parse(nextUpdate) - now];
  const lifetime = Date.parse(nextUpdate) - Date.parse(thisUpdate);
  const alarm = (id: string, level: Alarm['level'], since: string, failure: Failure): Alarm => ({
    id: `${id} ${issuer}/${String(partition)}`,
    level,
    since,
    failure: failure.toData(),
  });
  const found: Alarm[] = [];
  if (left <= 0) found.push(alarm('crl-expired', 'alarm', nextUpdate, new Failure('CRL_EXPIRED', { issuer: name, number, nextUpdate })));
  else if (left < Math.min(runsOutMs, lifetime / 4))
    found.push(alarm('crl-runs-out', 'alarm', thisUpdate, new Failure('CRL_RUNS_OUT', { issuer: name, number, nextUpdate })));
  // At half of its life the broker host warns as well (birthmark-life).
  else if (age > (session ? Math.min(missedMs, lifetime / 2) : lifetime / 2))
    found.push(alarm('crl-ageing', 'warning', thisUpdate, new Failure('CRL_AGEING', { issuer: name, number, thisUpdate, nextUpdate })));

  const previous = before(newest);
  const unknown = builder.highestNumber();
  if (unknown > number)
    found.push(alarm('crl-gap', 'alarm', thisUpdate, new Failure('CRL_GAP', { issuer: name, before: number, number: unknown })));
  else if (previous !== null && previous.number + 1 < number)
    found.push(alarm('crl-gap', 'warning', thisUpdate, new Failure('CRL_GAP', { issuer: name, before: previous.number, number })));
  return found;
}

const ofDevices = (builders: readonly CrlBuilder[]): (CrlView | null)[] =>
  builders.filter(({ issuer }) => issuer.kind === 'issuing').map((builder) => builder.newest());

/** What the lists for brokers cost one, in ms for each reload and for each handshake. */
export function crlCosts(builders: readonly CrlBuilder[]): { entries: number; bytes: number; reloadMs: number; handshakeMs: number } {
  const lists = ofDevices(builders);
  const entries = lists.reduce((sum, crl) => sum + (crl?.entries ?? 0), 0);
  const bytes = lists.reduce((sum, crl) => sum + (crl?.bytes ?? 0), 0);
  return { entries, bytes, reloadMs: Math.round(entries * perEntry.reloadMs), handshakeMs: Math.round(entries * perEntry.handshakeMs) };
}

function sizeAlarm(builders: readonly CrlBuilder[]): Alarm[] {
  const costs = crlCosts(builders);
  if (costs.entries <= limits.crlEntriesWarning) return [];
  const since =
    ofDevices(builders)
      .map((crl) => crl?.thisUpdate ?? '')
      .sort()
      .at(-1) ?? '';
  return [{ id: 'crl-size', level: 'warning', since, failure: new Failure('CRL_LARGE', costs).toData() }];
}

function waitingAlarm({ builders, session }: CrlAlarmParts): Alarm[] {
  if (session) return [];
  const waiting = builders.map((builder) => builder.unlisted()).filter(({ count }) => count > 0);
  const count = waiting.reduce((sum, one) => sum + one.count, 0);
  const since = waiting.map((one) => one.since ?? '').sort()[0];
  if (since === undefined) return [];
  return [{ id: 'crl-waiting', level: 'alarm', since, failure: new Failure('REVOCATIONS_UNSIGNED', { count, since }).toData() }];
}
