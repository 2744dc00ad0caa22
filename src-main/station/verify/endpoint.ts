/** A TLS client identity. `keyPem` is PKCS#8; never a device's key that was made on the device. As bytes it can be zeroed by its owner. */
export interface TlsIdentity {
  /** Leaf first, then intermediates, if any. */
  readonly certificatePem: string;
  readonly keyPem: string | Buffer;
}

/** What a client without a certificate, or beside it, says in CONNECT. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Where devices and the station connect, and whom to trust there. */
export interface BrokerEndpoint {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  /** PEM of the CA(s) that issue the broker's server certificate. */
  readonly serverCaPem: string;
}

/** `tenant/{tenant}/device/{device}`: the topic space of a device, without the wildcard. */
export function topicBase(device: string): string {
  const [tenant, id] = device.split('/');
  return `tenant/${tenant ?? ''}/device/${id ?? ''}`;
}

/** Where a device proves that it can publish: its own topic space, a fresh nonce. */
export const verifyTopic = (device: string, nonce: string): string => `${topicBase(device)}/verify/${nonce}`;

/**
 * A topic of the same tenant that this device must not reach. `~` is in no id: no real neighbour can ever get the message, and the
 * request that carries it to the device fits into the smallest buffers.
 */
export const foreignTopic = (device: string, nonce: string): string => `tenant/${device.split('/')[0] ?? ''}/device/~/verify/${nonce}`;
