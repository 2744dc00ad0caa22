import type { FailureData, ProofLevel, RunGap, RunStep, Unit, WorkOrder } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceProfile, KeyRequest, Settings, TranscriptLine, UnitSession } from '../devices/index.ts';
import type { CheckedRequest, IssuedCertificate } from '../issuance/index.ts';
import type { Registry, RunRecord } from '../registry/index.ts';
import type { TlsIdentity } from '../verify/index.ts';

/** What a run needs of the rest of the station; each is one function with a typed result. */
export interface LineServices {
  readonly registry: Registry;
  readonly clock: Clock;
  openUnit(path: string, profile: DeviceProfile, signal: AbortSignal, onTranscript: (line: TranscriptLine) => void): Promise<UnitSession>;
  /** The CSR policy: form, proof of possession, key type, and that no other device ever had this key. */
  checkRequest(device: string, order: WorkOrder, request: KeyRequest): Promise<CheckedRequest>;
  /** What goes onto a device besides its certificate and key. */
  settings(device: string): Settings;
  /** Reserves a serial number, signs, and records the certificate as SIGNED. */
  issue(request: { run: string; device: string; order: WorkOrder; checked: CheckedRequest; actor: string }): Promise<IssuedCertificate>;
  /** What a certificate that was issued before looks like on the unit: to prove a run without a new certificate. */
  issued(serial: string): IssuedCertificate;
  /** Resolves when everything recorded up to now is in force on the broker host; BROKER_AWAY when that cannot be had. */
  publish(): Promise<void>;
  brokerUp(): boolean;
  /** MQTT 3.1.1 has no word for a refused publish: then only what nobody received counts. */
  brokerTellsRefusals(): boolean;
  /**
   * Connects as the device with the key that the station made for it: lets itself in, publishes to its own topic, and is refused on a neighbour's.
   * Fails with the broker's diagnosis.
   */
  connectAs(device: string, identity: TlsIdentity, signal: AbortSignal): Promise<void>;
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

/** The order on the line, and who chose it. */
export interface LineOrder {
  readonly order: WorkOrder;
  readonly actor: string;
}

export interface RunReport {
  step(step: RunStep): void;
  done(step: RunStep, ms: number): void;
  progress(progress: { done: number; total: number } | null): void;
  unit(unit: Unit): void;
  device(device: string): void;
}

export type RunEnd =
  | { readonly verdict: 'PASS'; readonly proofLevel: ProofLevel; readonly gaps: readonly RunGap[] }
  | { readonly verdict: 'FAIL'; readonly failure: FailureData; readonly certificateRevoked: boolean }
  | { readonly verdict: 'NOT_VERIFIED'; readonly failure: FailureData; readonly deadline: string }
  | { readonly verdict: 'HAS_IDENTITY'; readonly device: string | null; readonly held: boolean }
  /** An earlier run of this unit waits for proof: that one is to go on, with the certificate that it has. */
  | { readonly verdict: 'WAITS_FOR_PROOF'; readonly run: RunRecord };

export interface RunInput {
  /** On whose word. */
  readonly actor: string;
  readonly slot: number;
  readonly path: string;
  readonly order: WorkOrder;
  readonly profile: DeviceProfile;
  readonly signal: AbortSignal;
  readonly report: RunReport;
  /** The operator said so: a unit with an identity gets a new one. */
  readonly reprovision: boolean;
  /** The device that the unit’s label names; null: the next one of the order. */
  readonly label: string | null;
}
