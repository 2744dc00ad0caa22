import type { BrokerView, Failure } from '../../contract/index.ts';

/** A TLS client identity. `key` is PEM (PKCS#8); never a device's key that was made on the device. */
export interface TlsIdentity {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Where devices and the station connect, and whom to trust there. */
export interface BrokerEndpoint {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  /** PEM of the CA(s) that issue the broker's server certificate. */
  readonly serverCaPem: string;
}

/** What must be in force on the host: always the whole state, so that a lost publication is mended by the next one. */
export interface Publication {
  /** One CRL per CA in `clientCaPem`, each as PEM, each already verified by the station. */
  readonly crls: readonly { readonly issuer: string; readonly number: number; readonly pem: string }[];
  /** Roots and issuing CAs of device certificates. */
  readonly clientCaPem: string;
  /** MQTT usernames (= CN `{tenant}/{device}`) that may use their topics; the caller leaves revoked devices out. */
  readonly devices: readonly string[];
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

/** One kind of broker host. `publish` resolves only when the new state is in force and the canaries said so. */
export interface BrokerHost {
  readonly endpoint: BrokerEndpoint;
  start(): Promise<void>;
  stop(): Promise<void>;
  view(): BrokerView;
  onChange(listener: (view: BrokerView) => void): void;
  /** Validates, installs atomically, reloads, asks the canaries; restores the last state and throws when they are wrong. */
  publish(publication: Publication): Promise<CanaryResult>;
  /** Ends the live sessions of these usernames and waits until they are gone; only after their revocation is in force. */
  kick(usernames: readonly string[]): Promise<readonly KickResult[]>;
  canaries(): Promise<CanaryResult>;
}

/** `tenant/{tenant}/device/{device}`: the topic space of a device, without the wildcard. */
export function topicBase(device: string): string {
  const [tenant, id] = device.split('/');
  return `tenant/${tenant ?? ''}/device/${id ?? ''}`;
}
