import type { AttestationFormat, Failure, Unit } from '../../contract/index.ts';
import type { DeviceProfile } from './profiles.ts';
import type { UnitSecrets } from './unit-secrets.ts';

export type { DeviceProfile };

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/** What the unit needs to reach its broker; stored on it as one item. */
export interface BrokerSettings {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  /** The device's own topic space without the wildcard, e.g. `tenant/acme/device/T2-000131`. */
  readonly topicBase: string;
  /** Name to expect in the broker's certificate. */
  readonly serverName: string;
}

/** Everything `install` writes; certificates are DER in issuing order, device certificate first. */
export interface Credentials {
  readonly certificateChain: readonly Uint8Array[];
  readonly trustAnchors: readonly Uint8Array[];
  readonly broker: BrokerSettings;
  /** PrivateKeyInfo, DER: only where the profile has the key made by the station. Zeroed when `install` has ended: drivers keep no copy. */
  readonly privateKey?: Uint8Array;
}

/** What of them is known before there is a certificate. */
export type Settings = Pick<Credentials, 'trustAnchors' | 'broker'>;

/** Something as the unit must have stored it now. */
export interface StoredItem {
  /** As the driver calls it. */
  readonly item: string;
  readonly bytes: number;
  readonly algorithm: 'sha256' | 'md5' | 'crc32';
  /** Over exactly the bytes stored, in hex. */
  readonly digest: string;
}

/** What a run stores on a unit, whatever its driver calls it. */
export const storedKinds = ['key', 'certificate', 'trust-anchors', 'settings'] as const;
export type StoredKind = (typeof storedKinds)[number];

export interface SelfTestResult {
  /** Where it ended: `done`, or the stage that failed (`tcp`, `tls`, `connect`, `subscribe`, `publish`, `echo`, `foreign`). */
  readonly stage: string;
  readonly connected: boolean;
  /** The device saw its own message come back. */
  readonly echoed: boolean;
  /** MQTT 5 reason code of the publish to the neighbour's topic; 135 is the right answer; null when it was not tried, or under 3.1.1, which has none. */
  readonly foreignReason: number | null;
  readonly detail: string;
}

/** A device's request for its certificate. */
export interface KeyRequest {
  /** PKCS#10, DER. */
  readonly csr: Uint8Array;
  /** What the device, or the secure element in it, says about where the key was made; as it came. */
  readonly attestation?: Attestation;
  /** Absent: the device. */
  readonly madeBy?: 'station';
}

export interface Attestation {
  readonly format: AttestationFormat;
  readonly bytes: Uint8Array;
}

export interface IdentifiedUnit extends Unit {
  /** It has an identity already. */
  readonly provisioned: boolean;
  /** Why this unit cannot be given one, where its security state says so. */
  readonly obstacle?: Failure;
}

/** A unit with an open line to it. Every failure is a `Failure` with a code of the devices group. */
export interface UnitSession {
  readonly capabilities: {
    readonly keyOnDevice: boolean;
    /** What is known not to be read back; all of it: every kind that is stored. */
    readonly unread: readonly StoredKind[] | 'all';
    readonly possession: boolean;
    readonly selfTest: boolean;
    readonly lock: boolean;
  };
  /** Reads the identity anew each time it is called. */
  identify(options: CallOptions): Promise<IdentifiedUnit>;
  /** Makes a key on the device. */
  generateKey(commonName: string, options: CallOptions): Promise<KeyRequest>;
  /** Writes what is known before there is a certificate, so that the line is used while it is signed; `install` goes on from there. Not every driver has it. */
  installAhead?(settings: Settings, expected: Unit, options: CallOptions): Promise<void>;
  /** Idempotent and resumable: an item whose digest is there already is skipped. Reads the identity again before it writes. */
  install(credentials: Credentials, expected: Unit, options: CallOptions): Promise<readonly StoredItem[]>;
  /**
   * Compares what is stored with what was installed, byte for byte by digest; VERIFY_MISMATCH names the item.
   * @returns what the unit turned out to tell no digest of.
   */
  readBack(installed: readonly StoredItem[], options: CallOptions): Promise<readonly StoredKind[]>;
  /** A signature over a fresh challenge by the installed key; verified against `spki` (DER). */
  provePossession(spki: Uint8Array, options: CallOptions): Promise<void>;
  /** Puts what was installed into use, where the unit has more than one place for it. */
  activate(options: CallOptions): Promise<void>;
  /**
   * The device connects with its own key, publishes `nonce` under `{topicBase}/verify/{nonce}` and tries `foreignTopic`. `heard` resolves when its message has
   * arrived: then it has an answer soon.
   */
  selfTest(nonce: string, foreignTopic: string, options: CallOptions & { readonly heard?: Promise<unknown> }): Promise<SelfTestResult>;
  lock(options: CallOptions): Promise<void>;
  /** Back to empty, where the unit is not locked. */
  erase(options: CallOptions): Promise<void>;
  close(): Promise<void>;
}

/** What became of the line to a unit while it was in use: for the transcript and for the run's failure. */
export interface TranscriptLine {
  readonly at: string;
  readonly direction: 'to-unit' | 'from-unit' | 'note';
  /** Readable and redacted. */
  readonly text: string;
  /** Text that was no whole line: a prompt, or bytes (in base64). */
  readonly part?: 'prompt' | 'bytes' | undefined;
}

export interface OpenOptions<P = DeviceProfile> {
  readonly path: string;
  readonly profile: P;
  readonly signal: AbortSignal;
  readonly onTranscript?: (line: TranscriptLine) => void;
}

/** `secrets`: what a driver sends that nobody may read; it adds what the profile keeps. */
export interface DriverOptions<P = DeviceProfile> extends OpenOptions<P> {
  readonly secrets: UnitSecrets;
}

export interface Driver<P extends DeviceProfile> {
  /** Opens the port and finds out whether it speaks this protocol; never writes a secret. */
  open(options: DriverOptions<P>): Promise<UnitSession>;
}

/** A place where a unit can be: number on the fixture and where its serial port is (position.ts). */
export interface SlotPlace {
  readonly slot: number;
  readonly path: string;
}

/** Tells which places have something plugged in; a place keeps its number across re-plugs. */
export interface PlugWatcher {
  on(listener: (slot: number, plugged: boolean) => void): void;
  isPlugged(slot: number): boolean;
  /** Other places from now on; what is plugged in at a new one is told after the next look. */
  watch(places: readonly SlotPlace[]): void;
  close(): void;
}
