import { Failure, type CallOutput, type CallParsed, type ProbeStep } from '../../contract/index.ts';
import { certificateToPem } from '../ca/index.ts';
import type { LiveStation } from '../live-station.ts';
import { loadIdentities } from '../setup/index.ts';
import type { HandlerContext } from './context.ts';
import { topicRuleOf } from '../topic-rule.ts';
import { timed, verifyConnection } from '../verify/index.ts';
import { checkBroker, judgeDevice, symptomOf, type DeviceFacts, type KnownCrl } from '../support/index.ts';
import { endpointOf, issuersOf } from './verify.ts';

/** Is this broker set up so that devices are safe behind it? */
export async function checkup(station: HandlerContext, asked: CallParsed<'verify.checkup'>): Promise<CallOutput<'verify.checkup'>> {
  const live = station.live();
  const { target, timeoutMs } = asked;
  const endpoint = endpointOf(live, target);
  // The station's own broker has one listener; whatever is on the usual ports of this computer is somebody else's.
  const port = (wanted: number): number | null => (target === null || wanted === 0 || wanted === endpoint.port ? null : wanted);
  const checks = await checkBroker({
    endpoint,
    identities: loadIdentities(station.config.dataDir),
    issuersPem: issuersOf(live),
    topicRule: topicRuleOf(live.registry.settings),
    crls: target === null ? publishedCrls(live) : null,
    mqttPort: port(asked.mqttPort),
    websocketsPort: port(asked.websocketsPort),
    isLocal: target === null && live.host.view().kind === 'local',
    now: station.clock.now(),
    timeoutMs,
  });
  return { verdict: checks.some(({ result }) => result === 'FAIL') ? 'FAIL' : 'PASS', host: endpoint.host, port: endpoint.port, checks };
}

/** Why can this device not connect? From the registry first, then from the broker itself, then from the unit if it is here. */
export async function why(
  station: HandlerContext,
  { device, said, live: look }: CallParsed<'verify.why'>,
): Promise<CallOutput<'verify.why'>> {
  const live = station.live();
  const facts = factsOf(station, live, device);
  const findings = judgeDevice(facts);
  const own = said === null ? [] : [deviceSays(station, live, facts, said)];
  const tried = look && station.config.broker ? await tryLive(station, live, device, facts.row !== null) : [];
  const all = [...findings, ...own, ...tried];
  // What stands in the registry would be refused whatever else is wrong; what the device says comes before what we guess from here.
  const first = all.find(({ failure }) => failure !== null)?.failure ?? null;
  const [good] = facts.certificates.filter(({ status }) => status === 'ACTIVE' || status === 'ROTATING');
  const { host, port } = live.host.endpoint;
  const connects = tried.some(({ name, result }) => name === unitStep && result === 'PASS');
  return {
    verdict: first === null ? 'PASS' : 'FAIL',
    device,
    findings: all,
    diagnosis:
      first ??
      (connects
        ? new Failure('DEVICE_CONNECTS', { device })
        : new Failure('NOTHING_FOUND_HERE', { device, serial: good?.serial ?? 'none', host, port })
      ).toData(),
  };
}

function factsOf(station: HandlerContext, live: LiveStation, device: string): DeviceFacts {
  const { registry } = live;
  const certificates = registry.certificates.select({ device });
  const serials = certificates.map(({ serial }) => serial);
  return {
    device,
    row: registry.devices.get(device),
    certificates,
    revocations: serials.flatMap((serial) => registry.revocations.get(serial) ?? []),
    run: registry.runs.lastOf(device),
    issuers: registry.issuers.all().map(({ id, subject, notAfter }) => ({ id, subject, notAfter })),
    crls: publishedCrls(live),
    owedSince: registry.store.owedSince([device, ...serials]),
    broker: station.config.broker ? live.host.view() : null,
    now: registry.now(),
  };
}

const unitStep = 'the unit itself';

const publishedCrls = (live: LiveStation): (KnownCrl & { readonly publishedAt: string | null })[] =>
  live.crls.forBrokers().flatMap((builder) => {
    const newest = builder.newest();
    return newest === null
      ? []
      : [{ issuer: newest.issuer, number: newest.number, nextUpdate: newest.nextUpdate, publishedAt: newest.publishedAt }];
  });

function deviceSays(station: HandlerContext, live: LiveStation, facts: DeviceFacts, said: string): ProbeStep {
  const serial = facts.certificates.find(({ fingerprint }) => fingerprint !== null)?.serial;
  const der = serial === undefined ? null : (live.registry.certificates.get(serial)?.der ?? null);
  const failure = symptomOf(said, {
    stage: 'connect',
    endpoint: live.host.endpoint,
    certificatePem: der === null ? null : certificateToPem(der),
    issuersPem: issuersOf(live),
    now: station.clock.now(),
  });
  return { name: 'the device says', result: 'FAIL', ms: 0, value: failure.code, failure: failure.toData() };
}

async function tryLive(station: HandlerContext, live: LiveStation, device: string, isKnown: boolean): Promise<ProbeStep[]> {
  const { observer } = loadIdentities(station.config.dataDir);
  const { diagnosis, protocol } = await verifyConnection(live.host.endpoint, observer, { issuersPem: issuersOf(live) });
  const way: ProbeStep = {
    name: 'way to the broker',
    result: diagnosis === null ? 'PASS' : 'FAIL',
    ms: 0,
    value: diagnosis?.code ?? `good, as the station (${protocol ?? 'TLS'})`,
    failure: diagnosis,
  };
  const canaries = await timed('canaries', async () => {
    const { failure } = await live.host.canaries();
    if (failure !== null) throw failure;
    return 'the revoked one refused, the good one let in';
  });
  return isKnown ? [way, canaries, await tryUnit(live, device)] : [way, canaries];
}

async function tryUnit(live: LiveStation, device: string): Promise<ProbeStep> {
  const unit = await timed(unitStep, async () => {
    const { connected, stage, detail } = await live.line.selfTestOf(device, AbortSignal.timeout(30_000));
    if (!connected) throw new Failure('SELFTEST_FAILED', { stage }, detail);
    return 'connected, with its own key';
  });
  if (unit.failure?.code !== 'DEVICE_KEY_NEEDED') return unit;
  return { ...unit, result: 'SKIPPED', value: 'in no slot of this station', failure: null };
}
