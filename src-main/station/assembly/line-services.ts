import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, unwrap } from '../../contract/index.ts';
import type { BrokerHost } from '../broker/index.ts';
import type { Clock } from '../clock.ts';
import { openUnit, type TranscriptLine } from '../devices/index.ts';
import type { Issuance } from '../issuance/index.ts';
import type { LineServices, Observation } from '../line/index.ts';
import type { Publisher } from '../publication/index.ts';
import type { Registry } from '../registry/index.ts';
import { topicRuleOf, type TopicRule } from '../topic-rule.ts';
import { verifyConnection, type Observer, type Recorder, type TlsIdentity } from '../verify/index.ts';

/** How long a unit may wait as NOT_VERIFIED before its certificate is revoked. */
export const proofHours = 72;
const waitForBrokerMs = 10_000;

export interface LineServiceParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly issuance: Issuance;
  readonly publisher: Publisher;
  readonly observer: Observer;
  readonly host: BrokerHost;
}

/** What a run needs, each taken from the part of the station that does it. */
export function createLineServices({ registry, clock, dataDir, issuance, publisher, observer, host }: LineServiceParts): LineServices {
  return {
    registry,
    clock,
    proofHours,
    openUnit: (path, profile, signal, onTranscript) => openUnit({ path, profile, signal, onTranscript }),
    checkRequest: (device, order, request) => issuance.checkRequest(device, order, request),
    settings: (device) => issuance.settings(device),
    issue: (request) => issuance.issue(request),
    issued: (serial) => issuance.issued(serial),
    publish: () => publisher.publish(),
    brokerUp: () => host.view().state === 'up',
    brokerTellsRefusals: () => host.endpoint.mqtt === undefined,
    connectAs: (device, identity, signal) =>
      connectAs(device, identity, { observer, host, signal, topicRule: topicRuleOf(registry.settings) }),
    observe: (topics) => observe(observer, topics),
    saveTranscript: (run, lines) => saveTranscript(join(dataDir, 'transcripts'), run, lines),
  };
}

async function connectAs(
  device: string,
  identity: TlsIdentity,
  {
    observer,
    host,
    signal,
    topicRule,
  }: Pick<LineServiceParts, 'observer' | 'host'> & { readonly signal: AbortSignal; readonly topicRule: TopicRule },
): Promise<void> {
  const { diagnosis } = await verifyConnection(host.endpoint, identity, { device, topicRule, observer, signal });
  if (diagnosis !== null) throw Failure.fromData(diagnosis);
}

async function observe(observer: Observer, topics: readonly string[]): Promise<Observation> {
  const recorders = new Map<string, Recorder>();
  const signal = AbortSignal.timeout(waitForBrokerMs);
  for (const topic of topics) recorders.set(topic, await observer.watch(topic, { signal, timeoutMs: waitForBrokerMs }));
  const of = (topic: string): Recorder => unwrap(recorders.get(topic), `${topic} is watched`);
  return {
    arrived: async (topic, payload, timeoutMs, abort) => void (await of(topic).waitFor(payload, { signal: abort, timeoutMs })),
    seen: async (topic, abort) => (await of(topic).fence({ signal: abort, timeoutMs: waitForBrokerMs })).length,
    close: async () => void (await Promise.all([...recorders.values()].map((recorder) => recorder.close()))),
  };
}

function saveTranscript(folder: string, run: string, lines: readonly TranscriptLine[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, `${run}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 });
}
