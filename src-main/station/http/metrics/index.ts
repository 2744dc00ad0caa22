import type { TLSSocket } from 'node:tls';
import { Counter, Gauge, Registry as Metrics } from 'prom-client';
import { toFailureData, type StationStatus } from '../../../contract/index.ts';
import type { Registry } from '../../registry/index.ts';
import { HttpCallers } from '../api/callers.ts';
import { sendProblem } from '../api/problem.ts';
import type { HttpPlugin } from '../server.ts';

type Status = Pick<StationStatus, 'session' | 'crl' | 'broker' | 'outbox' | 'notVerified' | 'backup' | 'alarms'>;

export interface MetricsParts {
  readonly registry: Registry;
  readonly status: () => Status;
}

/** Metrics for Prometheus. With TLS an access key of any role is needed; without, they are served to this computer only. */
export function metrics(parts: MetricsParts): HttpPlugin {
  const measured = measuredOf(parts);
  const callers = new HttpCallers(parts.registry);
  return (app) =>
    void app.get('/metrics', async (request, reply) => {
      try {
        if ((request.raw.socket as Partial<TLSSocket>).encrypted === true) callers.of(request);
      } catch (thrown) {
        return sendProblem(reply, toFailureData(thrown));
      }
      return reply.type(measured.contentType).send(await measured.metrics());
    });
}

type Series = readonly (readonly [labels: Readonly<Record<string, string>>, value: number | null])[];

/** What is not known is left out: 0 would say that all is well. */
function fill(metric: Counter | Gauge, labelNames: readonly string[], series: Series): void {
  metric.reset();
  // One without labels is 0 after a reset.
  if (labelNames.length === 0) metric.remove();
  for (const [labels, value] of series) if (value !== null) metric.inc(labels, value);
}

/** Read at each scrape from what the station knows anyway, so that a restart loses nothing. */
export function measuredOf({ registry, status }: MetricsParts): Metrics {
  const all = new Metrics();
  const named = (name: string, help: string, labelNames: readonly string[]) => ({
    name: `birthmark_${name}`,
    help,
    labelNames,
    registers: [all],
  });
  const gauge = (name: string, help: string, labelNames: readonly string[], read: () => Series): void => {
    const metric: Gauge = new Gauge({ ...named(name, help, labelNames), collect: () => fill(metric, labelNames, read()) });
  };
  const counter = (name: string, help: string, labelNames: readonly string[], read: () => Series): void => {
    const metric: Counter = new Counter({ ...named(name, help, labelNames), collect: () => fill(metric, labelNames, read()) });
  };
  const one = (value: number | null): Series => [[{}, value]];
  const now = (): number => registry.store.clock.now();
  const since = (instant: string | null | undefined): number | null =>
    instant === null || instant === undefined ? null : (now() - Date.parse(instant)) / 1000;

  counter('certificates_issued_total', 'Certificates that were signed, by their use', ['use'], () =>
    perUse(registry, (name) => name !== 'RESERVED'),
  );
  counter('certificates_revoked_total', 'Certificates that were revoked, by their use', ['use'], () =>
    perUse(registry, (name) => name === 'REVOKED'),
  );
  gauge('certificates_expiring', 'Certificates of devices that end within the threshold', ['threshold'], () =>
    [30, 60, 90].map((days) => [{ threshold: `${String(days)}d` }, registry.figures.ending(days)]),
  );
  counter('runs_total', 'Runs that ended, by device profile and verdict', ['profile', 'verdict'], () =>
    registry.figures.runs().map(({ profile, verdict, n }) => [{ profile, verdict }, n]),
  );
  gauge('runs_not_verified', 'Units whose proof on the broker is still to come', [], () => one(status().notVerified));
  gauge('crl_age_seconds', 'Since the newest revocation list was signed', [], () => one(since(status().crl?.thisUpdate)));
  gauge('crl_left_seconds', 'Until brokers refuse every device because the newest revocation list has ended', [], () => {
    const age = since(status().crl?.nextUpdate);
    return one(age === null ? null : -age);
  });
  gauge('crl_number', 'Number of the newest revocation list', [], () => one(status().crl?.number ?? null));
  gauge('crl_entries', 'Entries of the newest revocation list', [], () => one(status().crl?.entries ?? null));
  gauge('crl_bytes', 'Size of the newest revocation list', [], () => one(status().crl?.bytes ?? null));
  gauge('outbox_waiting', 'Changes that wait for the broker host', [], () => one(status().outbox.waiting));
  gauge('outbox_oldest_seconds', 'For how long the oldest change waits for the broker host', [], () =>
    one(since(status().outbox.oldest) ?? 0),
  );
  gauge('broker_up', '1: the broker answers', [], () => one(status().broker?.state === 'up' ? 1 : 0));
  gauge('backup_age_seconds', 'Since the newest backup was made', [], () => one(since(status().backup?.newest)));
  gauge('session_quota_left', 'Certificates that the open signing session may still sign; 0 without one', [], () => {
    const { session } = status();
    return one(session === null ? 0 : session.quota - session.used);
  });
  gauge('alarms', 'Conditions that last, by the code of their failure', ['code', 'level'], () => {
    const counts = new Map<string, [Record<string, string>, number]>();
    for (const { level, failure } of status().alarms) {
      const key = `${failure.code} ${level}`;
      counts.set(key, [{ code: failure.code, level }, (counts.get(key)?.[1] ?? 0) + 1]);
    }
    return [...counts.values()];
  });
  return all;
}

function perUse({ figures }: Registry, counts: (status: string) => boolean): Series {
  const sums = new Map<string, number>();
  for (const { use, status, n } of figures.certificates()) sums.set(use, (sums.get(use) ?? 0) + (counts(status) ? n : 0));
  return [...sums].map(([use, n]) => [{ use }, n]);
}
