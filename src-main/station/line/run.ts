import { randomUUID } from 'node:crypto';
import { Failure, isAway, stackOf, toFailureData, unwrap, type FailureData, type RunStep, type Unit } from '../../contract/index.ts';
import { pemBytes } from '../../der/index.ts';
import { rememberIds, say, withIds } from '../../log/index.ts';
import { certificateToPem, makeStationKey, type StationKey } from '../ca/index.ts';
import { instant } from '../clock.ts';
import type { CallOptions, IdentifiedUnit, KeyRequest, SelfTestResult, StoredItem, TranscriptLine, UnitSession } from '../devices/index.ts';
import type { RunRecord } from '../registry/index.ts';
import { topicRuleOf } from '../topic-rule.ts';
import { BackgroundWork } from './background-work.ts';
import { newNonce } from './nonce.ts';
import { planProof, withUntold, type ProofPlan, type ProofPolicy } from './proof.ts';
import type { CheckedRequest, IssuedCertificate } from '../issuance/index.ts';
import type { LineServices, Observation, RunEnd, RunInput } from './services.ts';
import { failRun, isRevoked, mustBeProvable, passRun } from './verdict.ts';

const echoMs = 10_000;
/** MQTT 5 PUBACK reason code. */
const notAuthorized = 135;

/** Raised by the identify step; not a failure: it is a question for the operator. */
class HasIdentity extends Error {
  readonly device: string | null;
  /** The unit itself holds one; else only the registry knows of it. */
  readonly held: boolean;
  constructor(device: string | null, held: boolean) {
    super('the unit has an identity');
    this.device = device;
    this.held = held;
  }
}

/** Raised by the identify step: the unit needs no new certificate, only the proof of the one it has. */
class WaitsForProof extends Error {
  readonly run: RunRecord;
  constructor(run: RunRecord) {
    super('an earlier run of the unit waits for proof');
    this.run = run;
  }
}

/** One provisioning of one unit, from empty to proven, journaled before and after each step; never throws. */
export class Run {
  readonly id: string;
  readonly #services: LineServices;
  readonly #input: RunInput;
  readonly #transcript: TranscriptLine[] = [];
  #unit: Unit | null = null;
  #session: UnitSession | null = null;
  #device: string | null = null;
  #serial: string | null = null;
  #plan: ProofPlan | null = null;
  /** A key that the station made, until it is on the unit. */
  #key: StationKey | null = null;
  /** What is written to the unit while its certificate is signed. */
  #ahead: BackgroundWork<void> | null = null;
  /** Its certificate on its way to the broker, while it is written to the unit. */
  #publication: BackgroundWork<void> | null = null;
  /** The end of a step that is not in the journal yet. */
  #unwritten: (() => void) | null = null;
  /** Something of this run may be on the unit. */
  #touched = false;

  constructor(services: LineServices, input: RunInput, resume: RunRecord | null = null) {
    this.id = resume?.id ?? randomUUID();
    this.#services = services;
    this.#input = input;
    this.#device = resume?.device ?? null;
    this.#serial = resume?.serial ?? null;
    this.#touched = resume !== null;
  }

  provision(): Promise<RunEnd> {
    return withIds({ run: this.id }, () => this.#provision());
  }

  #provision(): Promise<RunEnd> {
    this.#services.registry.runs.start(this.id, this.#input.slot, this.#input.order.id, this.#input.actor);
    return this.#toItsEnd(async () => {
      const unit = await this.#step('identify', (options) => this.#identify(options));
      const device = await this.#step('register', () => this.#register(unit));
      const request = await this.#step('key', (options) => this.#makeKey(device, options));
      const checked = await this.#step('csr', () => this.#services.checkRequest(device, this.#input.order, request));
      this.#ahead = this.#installAhead(device, unit);
      const issued = await this.#step('certificate', () => this.#issue(device, checked));
      if (this.#proof().broker) this.#publication = new BackgroundWork(() => this.#services.publish(), this.#input.signal);
      if (this.#proof().stationConnects) await this.#step('station-connect', (options) => this.#connectAs(device, issued, options));
      const installed = await this.#step('install', (options) => this.#install(issued, unit, options));
      return this.#prove(device, issued, installed);
    });
  }

  /** The second half alone, for a unit that was left NOT_VERIFIED: same certificate, same run. */
  resumeProof(run: RunRecord): Promise<RunEnd> {
    return withIds({ run: this.id }, () => this.#resumeProof(run));
  }

  #resumeProof(run: RunRecord): Promise<RunEnd> {
    return this.#toItsEnd(async () => {
      const device = this.#device ?? '';
      const unit = await this.#step('identify', (options) => this.#read(options));
      this.#planProof();
      if (unit.hardwareId !== run.hardwareId) {
        throw new Failure('DEVICE_SWAPPED', { expected: run.hardwareId ?? 'a unit that was not identified', actual: unit.hardwareId });
      }
      this.#input.report.device(device);
      mustBeProvable(this.#services.registry, this.#serial ?? '');
      if (run.installed === null) throw new Failure('UNVERIFIABLE', { item: 'what was installed' });
      return this.#prove(device, this.#services.issued(this.#serial ?? ''), JSON.parse(run.installed) as StoredItem[]);
    });
  }

  async #toItsEnd(work: () => Promise<RunEnd>): Promise<RunEnd> {
    try {
      return recorded(await work());
    } catch (thrown) {
      const end = await this.#ended(thrown);
      // An identity on the unit is a question, no failure.
      if ('failure' in end) say('warn', 'run', `stopped: ${stackOf(thrown)}`, { code: end.failure.code });
      return recorded(end);
    } finally {
      await this.#leave();
    }
  }

  async #step<T>(step: RunStep, work: (options: CallOptions) => Promise<T> | T): Promise<T> {
    const { signal, report } = this.#input;
    if (signal.aborted) throw new Failure('CANCELLED', { left: 'clean' });
    const began = performance.now();
    const { runs } = this.#services.registry;
    await this.#journal(() => runs.journal(this.id, step, 'begin'));
    report.step(step);
    const result = await work({ signal, onProgress: (progress) => report.progress(progress) });
    const ms = Math.round((performance.now() - began) * 10) / 10;
    this.#unwritten = () => runs.journal(this.id, step, 'done', ms);
    report.progress(null);
    report.done(step, ms);
    say('info', 'run', `step ${step}`, { ms });
    return result;
  }

  /** The end of a step and the beginning of the next are one moment, and one sync to disk. */
  async #journal(begin: () => void = () => undefined): Promise<void> {
    const done = this.#unwritten;
    this.#unwritten = null;
    await this.#services.registry.store.grouped(() => {
      done?.();
      begin();
    });
  }

  #open(): UnitSession {
    if (this.#session === null) throw new Error('the unit is not open');
    return this.#session;
  }

  #proof(): ProofPlan {
    return unwrap(this.#plan, 'the proof is planned when the unit is identified');
  }

  #planProof(): void {
    this.#follow(planProof(this.#open().capabilities, this.#input.profile));
  }

  #follow(plan: ProofPlan): void {
    this.#plan = plan;
    this.#services.registry.runs.plan(this.id, plan.level, plan.gaps);
  }

  async #read(options: CallOptions): Promise<IdentifiedUnit> {
    const { path, profile, signal, report } = this.#input;
    this.#session = await this.#services.openUnit(path, profile, signal, (line) => this.#transcript.push(line));
    const unit = await this.#session.identify(options);
    this.#unit = unit;
    report.unit(unit);
    return unit;
  }

  async #identify(options: CallOptions): Promise<Unit> {
    const unit = await this.#read(options);
    this.#services.registry.runs.bind(this.id, unit.hardwareId, null);
    if (unit.obstacle !== undefined) throw unit.obstacle;
    this.#planProof();
    const known = this.#services.registry.devices.byHardwareId(unit.hardwareId);
    // A locked unit keeps what it has; a new identity goes into its other storage slot.
    if (this.#input.reprovision) return unit;
    const waiting = this.#services.registry.runs.notVerified().find((run) => run.hardwareId === unit.hardwareId);
    if (waiting !== undefined) throw new WaitsForProof(waiting);
    // One that ever passed is a question, also when it was revoked since: a stolen unit must not heal itself by being plugged in.
    if (known !== null && this.#services.registry.runs.hasPassed(known.device))
      throw new HasIdentity(known.device, unit.provisioned || unit.locked);
    // A unit of ours that never made it may try again; a stranger with an identity is a question.
    if ((known === null || known.certificates === 0) && (unit.provisioned || unit.locked))
      throw new HasIdentity(known?.device ?? null, true);
    return unit;
  }

  #register(unit: Unit): string {
    const { device } = this.#services.registry.devices.register(unit, this.#input.order, this.#input.actor, this.#input.label);
    this.#device = device;
    this.#services.registry.runs.bind(this.id, unit.hardwareId, device);
    this.#input.report.device(device);
    return device;
  }

  async #issue(device: string, checked: CheckedRequest): Promise<IssuedCertificate> {
    try {
      const issued = await this.#services.issue({ run: this.id, device, order: this.#input.order, checked, actor: this.#input.actor });
      this.#serial = issued.serial;
      rememberIds(issued.serial);
      return issued;
    } catch (thrown) {
      this.#serial = this.#services.registry.runs.get(this.id)?.serial ?? null;
      throw thrown;
    }
  }

  async #makeKey(device: string, options: CallOptions): Promise<KeyRequest> {
    const { keyAlgorithm } = this.#input.profile;
    const { key }: ProofPolicy = this.#input.profile;
    if (key === 'device') {
      this.#touched = true;
      return this.#open().generateKey(device, options);
    }
    const { registry } = this.#services;
    this.#key = await makeStationKey(keyAlgorithm, device);
    registry.store.transaction(() =>
      registry.store.audit(this.#input.actor, 'key.made-by-station', device, {
        run: this.id,
        profile: this.#input.profile.name,
        algorithm: keyAlgorithm,
      }),
    );
    return { csr: this.#key.csr, madeBy: 'station' };
  }

  /** While the station still has the key: afterwards only the device could. */
  async #connectAs(device: string, { credentials }: IssuedCertificate, { signal }: CallOptions): Promise<void> {
    await this.#published();
    const keyPem = pemBytes('PRIVATE KEY', unwrap(this.#key, 'the station made the key').pkcs8);
    try {
      const certificatePem = credentials.certificateChain.map(certificateToPem).join('');
      await this.#services.connectAs(device, { certificatePem, keyPem }, signal);
    } finally {
      keyPem.fill(0);
    }
  }

  /** The line to the unit is idle while the token signs. */
  #installAhead(device: string, unit: Unit): BackgroundWork<void> | null {
    const session = this.#open();
    if (session.installAhead === undefined) return null;
    this.#touched = true;
    const settings = this.#services.settings(device);
    return new BackgroundWork(async (signal) => session.installAhead?.(settings, unit, { signal }), this.#input.signal);
  }

  /** Its certificate is in force at the broker. What failed beside the other steps is tried once more. */
  async #published(): Promise<void> {
    const begun = this.#publication;
    this.#publication = null;
    await (begun === null ? this.#services.publish() : begun.result.catch(() => this.#services.publish()));
  }

  async #install({ credentials }: IssuedCertificate, unit: Unit, options: CallOptions): Promise<readonly StoredItem[]> {
    this.#touched = true;
    try {
      await this.#ahead?.result;
      const installed = await this.#open().install(
        this.#key === null ? credentials : { ...credentials, privateKey: this.#key.pkcs8 },
        unit,
        options,
      );
      this.#services.registry.runs.installed(this.id, JSON.stringify(installed));
      return installed;
    } finally {
      this.#key?.wipe();
    }
  }

  async #prove(device: string, issued: IssuedCertificate, installed: readonly StoredItem[]): Promise<RunEnd> {
    if (this.#proof().readBack) await this.#step('read-back', (options) => this.#readBack(installed, options));
    const plan = this.#proof();
    if (plan.possession) await this.#step('possession', (options) => this.#open().provePossession(issued.spki, options));
    await this.#step('access', async (options) => {
      await this.#open().activate(options);
      if (plan.broker) await this.#published();
    });
    if (plan.deviceConnects) await this.#connect(device);
    if (plan.lock) await this.#step('lock', (options) => this.#open().lock(options));
    await this.#journal();
    return this.#passed(device, plan);
  }

  async #readBack(installed: readonly StoredItem[], options: CallOptions): Promise<void> {
    const untold = await this.#open().readBack(installed, options);
    if (untold.length > 0) this.#follow(withUntold(this.#proof(), untold));
  }

  /** The device connects by itself, and may do there what it may. */
  async #connect(device: string): Promise<void> {
    const nonce = newNonce();
    const rule = topicRuleOf(this.#services.registry.settings);
    const own = rule.verify(device, nonce);
    const foreign = rule.foreign(device, nonce);
    let observation: Observation | undefined;
    try {
      const { result, watching } = await this.#step('connect', async (options) => {
        observation = await this.#services.observe([own, foreign]);
        const heard = observation.arrived(own, nonce, this.#input.profile.stepMs, this.#input.signal).catch(() => undefined);
        const tested = await this.#open().selfTest(nonce, foreign, { ...options, heard });
        await this.#mustHaveArrived(tested, observation, own, nonce);
        return { result: tested, watching: observation };
      });
      await this.#step('isolation', async ({ signal }) => {
        const seen = await watching.seen(foreign, signal);
        const isRefused = this.#services.brokerTellsRefusals() ? result.foreignReason === notAuthorized : result.foreignReason === null;
        if (isRefused && seen === 0) return;
        const detail = `PUBACK reason ${String(result.foreignReason)}, ${String(seen)} delivered`;
        throw new Failure('FOREIGN_TOPIC_ALLOWED', { topic: foreign }, detail);
      });
    } finally {
      await observation?.close();
    }
  }

  async #mustHaveArrived(tested: SelfTestResult, observation: Observation, topic: string, nonce: string): Promise<void> {
    if (!tested.connected) throw new Failure('SELFTEST_FAILED', { stage: tested.stage }, tested.detail);
    if (!tested.echoed) throw new Failure('ECHO_MISSING', { device: `failed at ${tested.stage}`, topic, ms: echoMs }, tested.detail);
    await observation.arrived(topic, nonce, echoMs, this.#input.signal);
  }

  #passed(device: string, { level, gaps }: ProofPlan): RunEnd {
    passRun(this.#services.registry, this.id, device, this.#serial ?? '', this.#input.actor, { proofLevel: level, gaps });
    return { verdict: 'PASS', proofLevel: level, gaps };
  }

  async #ended(thrown: unknown): Promise<RunEnd> {
    const { registry, clock, proofHours } = this.#services;
    if (thrown instanceof HasIdentity) {
      registry.runs.end(this.id, 'FAIL', { failure: new Failure('HAS_IDENTITY', { device: thrown.device ?? 'known elsewhere' }).toData() });
      return { verdict: 'HAS_IDENTITY', device: thrown.device, held: thrown.held };
    }
    if (thrown instanceof WaitsForProof) {
      registry.runs.end(this.id, 'FAIL', {
        failure: new Failure('HAS_IDENTITY', { device: thrown.run.device ?? 'in a run that has no device yet' }).toData(),
      });
      return { verdict: 'WAITS_FOR_PROOF', run: thrown.run };
    }
    await this.#ahead?.stop();
    if (this.#unwritten !== null) await this.#journal();
    const failure = toFailureData(registry.store.named(thrown));
    const known = registry.runs.get(this.id);
    if (known?.verdict === 'FAIL') {
      // Its time ran out while it was being proven.
      return { verdict: 'FAIL', failure: known.failure ?? failure, certificateRevoked: isRevoked(registry, this.#serial) };
    }
    if (this.#serial !== null && this.#isBrokersFault(failure)) {
      const deadline = known?.deadline ?? instant(clock.now() + proofHours * 3_600_000);
      registry.runs.end(this.id, 'NOT_VERIFIED', { failure, deadline });
      return { verdict: 'NOT_VERIFIED', failure, deadline };
    }
    await this.#erase();
    const certificateRevoked = failRun(registry, this.id, this.#serial, failure, this.#input.actor);
    return { verdict: 'FAIL', failure, certificateRevoked };
  }

  /** The unit did its part; what is missing is a broker to prove it on. */
  #isBrokersFault(failure: FailureData): boolean {
    const proving = ['access', 'connect', 'isolation'].includes(this.#services.registry.runs.lastStep(this.id)?.step ?? '');
    if (!proving) return false;
    return (
      isAway(failure) ||
      ['BROKER_MISSING', 'BROKER_PORT_BUSY', 'CANARY_ADMITTED', 'CANARY_REFUSED', 'CRL_REJECTED'].includes(failure.code) ||
      !this.#services.brokerUp()
    );
  }

  /** A failed unit is left empty where it lets us; what the unit says about it does not change the verdict. */
  async #erase(): Promise<void> {
    // A unit that was to get a new identity still has its old one, which must not be erased with the new.
    if (this.#session === null || this.#serial === null || !this.#touched || this.#input.reprovision) return;
    try {
      const signal = AbortSignal.timeout(this.#input.profile.stepMs);
      const unit = await this.#session.identify({ signal });
      if (unit.hardwareId === this.#unit?.hardwareId && !unit.locked) await this.#session.erase({ signal });
    } catch (thrown) {
      this.#transcript.push({ at: this.#services.registry.now(), direction: 'note', text: `not erased: ${toFailureData(thrown).code}` });
    }
  }

  async #leave(): Promise<void> {
    this.#key?.wipe();
    await this.#session?.close();
    try {
      this.#services.saveTranscript(this.id, this.#transcript);
    } catch (thrown) {
      // The verdict is recorded: it stands, with or without its transcript.
      say('warn', 'run', `no transcript: ${stackOf(thrown)}`);
    }
  }
}

function recorded(end: RunEnd): RunEnd {
  say('info', 'run', `ended ${end.verdict}`, 'failure' in end ? { code: end.failure.code } : {});
  return end;
}
