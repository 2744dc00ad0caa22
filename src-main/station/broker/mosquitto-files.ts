import type { InstalledFiles } from './installation.ts';

export interface ConfigOptions extends InstalledFiles {
  readonly host: string;
  readonly port: number;
  /** Of the listener for devices that cannot do certificates; null: there is none. */
  readonly passwordPort: number | null;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly asRoot: boolean;
}

/** mosquitto.conf of the local broker host: one TLS listener, a certificate from everybody, rights by name only. Where it is asked for a second one with
 * TLS, too, that takes names with passwords. */
export function mosquittoConf(options: ConfigOptions): string {
  const lines = [
    // Started as root, Mosquitto would become another user, who cannot read a 0700 folder.
    ...(options.asRoot ? ['user root'] : []),
    'log_dest stderr',
    // The sessions are read from the notices: they must be complete, and without anything in front.
    'log_type error',
    'log_type warning',
    'log_type notice',
    'log_type information',
    'log_timestamp false',
    'connection_messages true',
    'persistence false',
    // For the version, which never changes: 0 would leave it out.
    'sys_interval 3600',
    // Without it each CONNACK under TLS 1.3 waits 40 ms for the client's delayed ACK of the session tickets (measured).
    'set_tcp_nodelay true',
    'allow_anonymous false',
    `acl_file ${options.accessList}`,
    // Not looked at where the certificate gives the name.
    `password_file ${options.passwords}`,
    `listener ${options.port} ${options.host}`,
    'protocol mqtt',
    `cafile ${options.clientCas}`,
    `certfile ${options.serverCertificate}`,
    `keyfile ${options.serverKey}`,
    `crlfile ${options.crls}`,
    'require_certificate true',
    'use_identity_as_username true',
    'tls_version tlsv1.2',
    ...(options.passwordPort === null ? [] : passwordListener(options, options.passwordPort)),
  ];
  if (lines.some((line) => /[\r\n\0]/u.test(line))) throw new Error('a path with a line break cannot be written into mosquitto.conf');
  return `${lines.join('\n')}\n`;
}

const passwordListener = ({ host, serverCertificate, serverKey }: ConfigOptions, port: number): string[] => [
  `listener ${port} ${host}`,
  'protocol mqtt',
  `certfile ${serverCertificate}`,
  `keyfile ${serverKey}`,
  'tls_version tlsv1.2',
];
