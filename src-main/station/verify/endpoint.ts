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
  /** The newest MQTT that it speaks; absent: 5. */
  readonly mqtt?: '3.1.1';
}
