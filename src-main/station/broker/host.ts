import type { BrokerView, Failure } from '../../contract/index.ts';
import type { TopicRule } from '../topic-rule.ts';
import type { BrokerEndpoint, TlsIdentity } from '../verify/index.ts';

export type { BrokerEndpoint, TlsIdentity } from '../verify/index.ts';

export interface PublishedCrl {
  readonly issuer: string;
  /** Which of the issuer's partitions it covers, and how many there are; absent: the only one. */
  readonly partition?: number;
  readonly partitions?: number;
  readonly number: number;
  readonly pem: string;
  /** Serial numbers (upper-case hex) that left since their certificates ended: only these may be missing from what is installed now. */
  readonly expired?: readonly string[];
}

/** What must be in force on the host: always the whole state, so that a lost publication is mended by the next one. */
export interface Publication {
  /** One CRL per partition of each CA in `clientCaPem` that issues device certificates, each already verified by the station. */
  readonly crls: readonly PublishedCrl[];
  /** Roots and issuing CAs of device certificates. */
  readonly clientCaPem: string;
  /** MQTT usernames (= CN `{tenant}/{device}`) that may use their topics; the caller leaves revoked devices out. */
  readonly devices: readonly string[];
  /** Which topics a device has; absent: the required rule. */
  readonly topicRule?: TopicRule;
  /** Revoked devices whose live sessions are still to be ended: a pattern line does not leave them out by itself. */
  readonly muted?: readonly string[];
  /** Clients that are no devices, and what they may do; absent: none. */
  readonly services?: readonly ServiceAccess[];
  /** Who may log in with a password, as Mosquitto's password_file has it; absent: nobody. */
  readonly passwords?: readonly { readonly username: string; readonly hash: string }[];
}

export interface ServiceAccess {
  readonly name: string;
  /** MQTT topic filters. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** Permanent proof that the host refuses and accepts as it should, one pair per issuer, and the station's own observer. */
export interface StationIdentities {
  readonly goodCanary: TlsIdentity;
  readonly revokedCanary: TlsIdentity;
  readonly observer: TlsIdentity;
}

export interface CanaryResult {
  readonly at: string;
  readonly revokedRefused: boolean;
  readonly goodAccepted: boolean;
  /** Why the good one was refused, or what the revoked one saw; null when both are as they should be. */
  readonly failure: Failure | null;
}

export interface KickResult {
  readonly username: string;
  /** Live sessions found and ended. */
  readonly ended: number;
  /** Milliseconds until none was left. */
  readonly ms: number;
}

/** A broker's certificate, with what is above it but the root, and its key. */
export interface ServerIdentity {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** The files themselves: CRLs as PEM, and the access list. */
export interface InForce {
  readonly crls: string;
  readonly accessList: string;
}

/** One kind of broker host. `publish` resolves only when the new state is in force and the canaries said so. */
export interface BrokerHost {
  readonly endpoint: BrokerEndpoint;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Gives up what hangs on another computer; what was uploaded and is not in force is found by the next start. */
  abort?(): void;
  view(): BrokerView;
  /** Returns how to stop listening. */
  onChange(listener: (view: BrokerView) => void): () => void;
  /**
   * Validates, installs atomically, reloads, asks the canaries; restores the last state and throws when they are wrong.
   * Calls made while one is under way are served together by the newest of them.
   */
  publish(publication: Publication): Promise<CanaryResult>;
  /** Of a broker that the station runs: it shows this certificate from the next connection on. */
  useServerCertificate?(identity: ServerIdentity): Promise<void>;
  /** Ends the live sessions of these usernames and waits until they are gone; only after their revocation is in force. */
  kick(usernames: readonly string[]): Promise<readonly KickResult[]>;
  canaries(): Promise<CanaryResult>;
  /** What this station has in force there, as it is on the host now; null: nothing. */
  inForce(): Promise<InForce | null>;
}
