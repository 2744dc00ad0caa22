import { afterEach, beforeEach, expect, test } from 'vitest';
import { measuredOf, type MetricsParts } from '../../../src-main/station/http/metrics/index.ts';
import { TestRegistry } from '../../support/registry.ts';

let made: TestRegistry;
beforeEach(() => (made = new TestRegistry()));
afterEach(() => made.dispose());

const nothingKnown: ReturnType<MetricsParts['status']> = {
  session: null,
  crl: null,
  broker: null,
  outbox: { waiting: 0, oldest: null },
  notVerified: 0,
  backup: null,
  alarms: [],
};

test('what is not known is left out, for 0 seconds would be the best there is', async () => {
  const text = await measuredOf({ registry: made.registry, status: () => nothingKnown }).metrics();
  const names = text.split('\n').flatMap((line) => /^(birthmark_\w+)/u.exec(line)?.[1] ?? []);
  expect(names).toEqual(expect.arrayContaining(['birthmark_broker_up', 'birthmark_session_quota_left', 'birthmark_outbox_waiting']));
  for (const name of ['crl_age_seconds', 'crl_left_seconds', 'crl_number', 'crl_entries', 'crl_bytes', 'backup_age_seconds'])
    expect(names).not.toContain(`birthmark_${name}`);
});
