import { randomUUID } from 'node:crypto';
import {
  Failure,
  toFailureData,
  type FailureData,
  type ProofLevel,
  type RunStep,
  type Unit,
  type WorkOrder,
} from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { CallOptions, Credentials, DeviceProfile, SelfTestResult, TranscriptLine, UnitSession } from '../devices/index.ts';
import type { Registry, RunRecord } from '../registry/index.ts';
import { foreignTopic, verifyTopic } from '../verify/index.ts';
import { newNonce } from './nonce.ts';

export interface IssuedCertificate {
  readonly serial: string;
  readonly spki: Uint8Array;
  readonly credentials: Credentials;
}

/** The public key of a request that passed the policy (SubjectPublicKeyInfo, DER). */
export interface CheckedRequest {
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
}

/** What a run needs of the rest of the station; each is one function with a typed result. */
export interface LineServices {
  readonly registry: Registry;
  readonly clock: Clock;
  openUnit(path: string, profile: DeviceProfile, signal: AbortSignal, onTranscript: (line: TranscriptLine) => void): Promise<UnitSession>;
  /** The CSR policy: form, proof of possession, key type, and that no other device ever had this key. */
  checkRequest(device: string, order: WorkOrder, csr: Uint8Array): CheckedRequest;
  /** Reserves a serial number, signs, and records the certificate as SIGNED. */
  issue(request: { run: string; device: string; order: WorkOrder; checked: CheckedRequest }): Promise<IssuedCertificate>;
  /** What a certificate that was issued before looks like on the unit: to prove a run without a new certificate. */
  issued(serial: string): IssuedCertificate;
  /** Resolves when everything recorded up to now is in force on the broker host; BROKER_AWAY when that cannot be had. */
  publish(): Promise<void>;
  /** Revocations go out in the background; a run does not wait for them. */
  publishSoon(): void;
  brokerUp(): boolean;
  /** Begins to listen before the device acts. */
  observe(topics: readonly string[]): Promise<Observation>;
  saveTranscript(run: string, lines: readonly TranscriptLine[]): void;
  readonly proofHours: number;
}

export interface Observation {
  /** Resolves when `payload` arrived on `topic`; ECHO_MISSING after `ms`, BROKER_AWAY when our own eyes were lost. */
  arrived(topic: string, payload: string, ms: number, signal: AbortSignal): Promise<void>;
  /** How many messages came on `topic`, known by a message of our own that went through after them. */
  seen(topic: string, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

export interface RunReport {
  step(step: RunStep): void;
  done(step: RunStep, ms: number): void;
  progress(progress: { done: number; total: number } | null): void;
  unit(unit: Unit): void;
  device(device: string): void;
}

export type RunEnd =
  | { readonly verdict: 'PASS'; readonly proofLevel: ProofLevel }
  | { readonly verdict: 'FAIL'; readonly failure: FailureData; readonly certificateRevoked: boolean }
  | { readonly verdict: 'NOT_VERIFIED'; readonly failure: FailureData; readonly deadline: string }
  | { readonly verdict: 'HAS_IDENTITY'; readonly device: string | null }
  /** An earlier run of this unit waits for proof: that one is to go on, with the certificate that it has. */
  | { readonly verdict: 'WAITS_FOR_PROOF'; readonly run: RunRecord };

export interface RunInput {
  readonly slot: number;
  readonly path: string;
  readonly order: WorkOrder;
  readonly profile: DeviceProfile;
  readonly signal: AbortSignal;
  readonly report: RunReport;
  /** The operator said so: a unit with an identity gets a new one. */
  readonly reprovision: boolean;
}

const actor = 'line';
const echoMs = 10_000;
/** MQTT 5 PUBACK reason code. */
const notAuthorized = 135;

/** Raised by the identify step; not a failure: it is a question for the operator. */
class HasIdentity extends Error {
  readonly device: string | null;
  constructor(device: string | null) {
    super('the unit has an identity');
    this.device = device;
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

  constructor(services: LineServices, input: RunInput, resume: RunRecord | null = null) {
    this.id = resume?.id ?? randomUUID();
    this.#services = services;
    this.#input = input;
    this.#device = resume?.device ?? null;
    this.#serial = resume?.serial ?? null;
  }

  async provision(): Promise<RunEnd> {
    const { registry } = this.#services;
    registry.runs.start(this.id, this.#input.slot, this.#input.order.id);
    try {
      const unit = await this.#step('identify', (options) => this.#identify(options));
      const device = await this.#step('register', () => this.#register(unit));
      const csr = await this.#step('key', (options) => this.#open().generateKey(device, options));
      const checked = await this.#step('csr', () => this.#services.checkRequest(device, this.#input.order, csr));
      const issued = await this.#step('certificate', () => this.#issue(device, checked));
      await this.#step('install', (options) => this.#open().install(issued.credentials, unit, options));
      await this.#step('read-back', (options) => this.#open().readBack(issued.credentials, options));
      await this.#step('possession', (options) => this.#open().provePossession(issued.spki, options));
      return await this.#prove(device);
    } catch (thrown) {
      return await this.#ended(thrown);
    } finally {
      await this.#leave();
    }
  }

  /** The second half alone, for a unit that was left NOT_VERIFIED: same certificate, same run. */
  async resumeProof(run: RunRecord): Promise<RunEnd> {
    try {
      const device = this.#device ?? '';
      const unit = await this.#step('identify', async (options) => {
        await this.#connect();
        return this.#open().identify(options);
      });
      if (unit.hardwareId !== run.hardwareId)
        throw new Failure('DEVICE_SWAPPED', { expected: run.hardwareId ?? '', actual: unit.hardwareId });
      this.#unit = unit;
      this.#input.report.unit(unit);
      this.#input.report.device(device);
      mustBeProvable(this.#services.registry, this.#serial ?? '');
      const issued = this.#services.issued(this.#serial ?? '');
      await this.#step('read-back', (options) => this.#open().readBack(issued.credentials, options));
      await this.#step('possession', (options) => this.#open().provePossession(issued.spki, options));
      return await this.#prove(device);
    } catch (thrown) {
      return await this.#ended(thrown);
    } finally {
      await this.#leave();
    }
  }

  async #step<T>(step: RunStep, work: (options: CallOptions) => Promise<T> | T): Promise<T> {
    const { signal, report } = this.#input;
    if (signal.aborted) throw new Failure('CANCELLED', { left: 'clean' });
    const began = performance.now();
    const { runs, store } = this.#services.registry;
    await store.grouped(() => runs.journal(this.id, step, 'begin'));
    report.step(step);
    const result = await work({ signal, onProgress: (progress) => report.progress(progress) });
    const ms = Math.round((performance.now() - began) * 10) / 10;
    await store.grouped(() => runs.journal(this.id, step, 'done', ms));
    report.progress(null);
    report.done(step, ms);
    return result;
  }

  #open(): UnitSession {
    if (this.#session === null) throw new Error('the unit is not open');
    return this.#session;
  }

  async #connect(): Promise<void> {
    const { path, profile, signal } = this.#input;
    this.#session = await this.#services.openUnit(path, profile, signal, (line) => this.#transcript.push(line));
  }

  async #identify(options: CallOptions): Promise<Unit> {
    await this.#connect();
    const unit = await this.#open().identify(options);
    this.#unit = unit;
    this.#input.report.unit(unit);
    this.#services.registry.runs.bind(this.id, unit.hardwareId, null);
    const known = this.#services.registry.devices.byHardwareId(unit.hardwareId);
    // A locked unit keeps what it has; a new identity goes into its other storage slot.
    if (this.#input.reprovision) return unit;
    const waiting = this.#services.registry.runs.notVerified().find((run) => run.hardwareId === unit.hardwareId);
    if (waiting !== undefined) throw new WaitsForProof(waiting);
    // One that ever passed is a question, also when it was revoked since: a stolen unit must not heal itself by being plugged in.
    if (known !== null && this.#services.registry.runs.hasPassed(known.device)) throw new HasIdentity(known.device);
    // A unit of ours that never made it may try again; a stranger with an identity is a question.
    if (known === null && (unit.provisioned || unit.locked)) throw new HasIdentity(null);
    return unit;
  }

  #register(unit: Unit): string {
    const { device } = this.#services.registry.devices.register(unit, this.#input.order, actor);
    this.#device = device;
    this.#services.registry.runs.bind(this.id, unit.hardwareId, device);
    this.#input.report.device(device);
    return device;
  }

  async #issue(device: string, checked: CheckedRequest): Promise<IssuedCertificate> {
    try {
      const issued = await this.#services.issue({ run: this.id, device, order: this.#input.order, checked });
      this.#serial = issued.serial;
      return issued;
    } catch (thrown) {
      this.#serial = this.#services.registry.runs.get(this.id)?.serial ?? null;
      throw thrown;
    }
  }

  async #prove(device: string): Promise<RunEnd> {
    const nonce = newNonce();
    const own = verifyTopic(device, nonce);
    const foreign = foreignTopic(device, nonce);
    await this.#step('access', async (options) => {
      await this.#open().activate(options);
      await this.#services.publish();
    });
    let observation: Observation | undefined;
    try {
      const { result, watching } = await this.#step('connect', async (options) => {
        observation = await this.#services.observe([own, foreign]);
        const tested = await this.#open().selfTest(nonce, foreign, options);
        await this.#mustHaveArrived(tested, observation, own, nonce);
        return { result: tested, watching: observation };
      });
      await this.#step('isolation', async ({ signal }) => {
        const seen = await watching.seen(foreign, signal);
        if (result.foreignReason !== notAuthorized || seen > 0)
          throw new Failure(
            'FOREIGN_TOPIC_ALLOWED',
            { topic: foreign },
            `PUBACK reason ${String(result.foreignReason)}, ${String(seen)} delivered`,
          );
      });
    } finally {
      await observation?.close();
    }
    await this.#step('lock', (options) => this.#open().lock(options));
    return this.#passed(device);
  }

  async #mustHaveArrived(tested: SelfTestResult, observation: Observation, topic: string, nonce: string): Promise<void> {
    if (!tested.connected) throw new Failure('SELFTEST_FAILED', { stage: tested.stage }, tested.detail);
    if (!tested.echoed) throw new Failure('ECHO_MISSING', { device: `failed at ${tested.stage}`, topic, ms: echoMs }, tested.detail);
    await observation.arrived(topic, nonce, echoMs, this.#input.signal);
  }

  #passed(device: string): RunEnd {
    passRun(this.#services.registry, this.id, device, this.#serial ?? '');
    this.#services.publishSoon();
    return { verdict: 'PASS', proofLevel: 'device-connected' };
  }

  async #ended(thrown: unknown): Promise<RunEnd> {
    const { registry, clock, proofHours } = this.#services;
    if (thrown instanceof HasIdentity) {
      registry.runs.end(this.id, 'FAIL', { failure: new Failure('HAS_IDENTITY', { device: thrown.device ?? 'known elsewhere' }).toData() });
      return { verdict: 'HAS_IDENTITY', device: thrown.device };
    }
    if (thrown instanceof WaitsForProof) {
      registry.runs.end(this.id, 'FAIL', { failure: new Failure('HAS_IDENTITY', { device: thrown.run.device ?? '' }).toData() });
      return { verdict: 'WAITS_FOR_PROOF', run: thrown.run };
    }
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
    const certificateRevoked = failRun(registry, this.id, this.#serial, failure);
    this.#services.publishSoon();
    return { verdict: 'FAIL', failure, certificateRevoked };
  }

  /** The unit did its part; what is missing is a broker to prove it on. */
  #isBrokersFault(failure: FailureData): boolean {
    const proving = ['access', 'connect', 'isolation'].includes(this.#services.registry.runs.lastStep(this.id)?.step ?? '');
    if (!proving) return false;
    return (
      ['BROKER_AWAY', 'BROKER_MISSING', 'BROKER_PORT_BUSY', 'CANARY_ADMITTED', 'CANARY_REFUSED', 'CRL_REJECTED'].includes(failure.code) ||
      !this.#services.brokerUp()
    );
  }

  /** A failed unit is left empty where it lets us; what the unit says about it does not change the verdict. */
  async #erase(): Promise<void> {
    // A unit that was to get a new identity still has its old one, which must not be erased with the new.
    if (this.#session === null || this.#serial === null || this.#input.reprovision) return;
    try {
      const signal = AbortSignal.timeout(this.#input.profile.stepMs);
      const unit = await this.#session.identify({ signal });
      if (unit.hardwareId === this.#unit?.hardwareId && !unit.locked) await this.#session.erase({ signal });
    } catch (thrown) {
      this.#transcript.push({ at: this.#services.registry.now(), direction: 'note', text: `not erased: ${toFailureData(thrown).code}` });
    }
  }

  async #leave(): Promise<void> {
    await this.#session?.close();
    try {
      this.#services.saveTranscript(this.id, this.#transcript);
    } catch (thrown) {
      // The verdict is recorded: it stands, with or without its transcript.
      process.stderr.write(`run ${this.id}: no transcript: ${String(thrown)}\n`);
    }
  }
}

/** Not, when its certificate was revoked or has expired while the unit was being proven, or waited for it. */
export const isProvable = (registry: Registry, serial: string): boolean => registry.certificates.get(serial)?.status === 'SIGNED';

const isRevoked = (registry: Registry, serial: string | null): boolean =>
  serial !== null && registry.certificates.get(serial)?.status === 'REVOKED';

/** CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED. */
function mustBeProvable(registry: Registry, serial: string): void {
  const certificate = registry.certificates.get(serial);
  if (certificate?.status === 'REVOKED') throw new Failure('CERTIFICATE_REVOKED');
  if (certificate?.status === 'EXPIRED') throw new Failure('CERTIFICATE_EXPIRED', { notAfter: certificate.notAfter });
}

/** PASS, the ACTIVE certificate and the end of older certificates and runs of the device are one transaction. */
export function passRun(registry: Registry, run: string, device: string, serial: string): void {
  registry.store.transaction(() => {
    mustBeProvable(registry, serial);
    registry.runs.end(run, 'PASS', { proofLevel: 'device-connected' });
    registry.certificates.activate(serial, actor);
    registry.devices.proven(device, 'device-connected');
    for (const other of registry.runs.notVerified().filter((one) => one.device === device)) {
      registry.runs.end(other.id, 'FAIL', { failure: new Failure('CERTIFICATE_REVOKED').toData() });
    }
    for (const other of registry.certificates.select({ device })) {
      if (other.serial !== serial) registry.certificates.revoke(other.serial, 'superseded', 'replaced by a new certificate', actor);
    }
    registry.store.audit(actor, 'run.pass', device, { run, serial });
  });
}

/** FAIL and the revocation of what was signed (or may have been) are one transaction; tells whether a certificate is revoked now. */
export function failRun(registry: Registry, run: string, serial: string | null, failure: FailureData): boolean {
  return registry.store.transaction(() => {
    registry.runs.end(run, 'FAIL', { failure });
    if (serial !== null) registry.certificates.revoke(serial, 'cessationOfOperation', `run failed: ${failure.code}`, actor);
    registry.store.audit(actor, 'run.fail', registry.runs.get(run)?.device ?? run, { run, code: failure.code });
    return isRevoked(registry, serial);
  });
}
