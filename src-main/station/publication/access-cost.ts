import { Failure, limits, type AccessView, type BrokerView } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import { topicRuleOf } from '../topic-rule.ts';
import { crlCosts } from './crl-alarms.ts';
import type { CrlSet } from './crl-set.ts';

/** Devices with a line each → ms that a reload stops Mosquitto, measured (broker.md); from 2.1 on it finds a user without going through the others. */
const measured = {
  before21: [
    [5_000, 400],
    [10_000, 1_800],
    [20_000, 11_600],
  ],
  from21: [
    [100_000, 300],
    [1_000_000, 3_300],
  ],
} as const;

/** Between and beyond the measured points the cost grows by a power of the number of devices. `version` null: the slower kind. Milliseconds. */
export function accessListStall(devices: number, version: string | null): number {
  if (devices === 0) return 0;
  const points = isFrom21(version) ? measured.from21 : measured.before21;
  const next = points.findIndex(([count]) => devices <= count);
  const at = next < 0 ? points.length - 1 : Math.max(next, 1);
  const [[x1, y1], [x2, y2]] = [points[at - 1] ?? points[0], points[at] ?? points[1]];
  return Math.round(y1 * (devices / x1) ** (Math.log(y2 / y1) / Math.log(x2 / x1)));
}

function isFrom21(version: string | null): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 1);
}

/** Which form the access list has, and what it and the revocation lists cost the broker now. */
export function accessView(registry: Registry, crls: CrlSet, broker: Pick<BrokerView, 'kind' | 'version'>): AccessView {
  const rule = topicRuleOf(registry.settings);
  const devices = registry.certificates.countAdmitted();
  // RabbitMQ has a user for each device, whatever the rule, and nothing that it reloads.
  const isRabbitmq = broker.kind === 'rabbitmq';
  const form = rule.pattern === null || isRabbitmq ? 'entries' : 'pattern';
  const reloadMs = form === 'pattern' || isRabbitmq ? 0 : accessListStall(devices, broker.version);
  const crl = crlCosts(crls.builders());
  const warnings = [
    ...(reloadMs > limits.reloadMsWarning ? [new Failure('ACCESS_LIST_SLOW', { devices, reloadMs })] : []),
    ...(crl.entries > limits.crlEntriesWarning ? [new Failure('CRL_LARGE', { ...crl })] : []),
  ];
  return {
    topicRule: rule.text,
    form,
    devices,
    brokerVersion: broker.version,
    reloadMs,
    crl,
    warnings: warnings.map((one) => one.toData()),
  };
}
