import { Failure, TlsVersion, type BrokerTarget, type ClientIdentity } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { certificatesAsPem } from '../certificate-file.ts';
import { readBytes } from '../files.ts';
import { readSecret } from '../pin.ts';
import { keyFileAsPem } from '../../station/x509-files/index.ts';

/** Which broker. */
export const targetOptions: Command['options'] = {
  host: { argument: 'NAME', help: 'another broker than the station’s own: its name or address' },
  port: { argument: 'N', help: 'its port for MQTT over TLS (default 8883)' },
  ca: { argument: 'FILE', help: 'the CA that issued its server certificate (default: the station’s)' },
  'server-name': { argument: 'NAME', help: 'the name its certificate must be for (default: --host)' },
};

/** As whom. */
export const clientOptions: Command['options'] = {
  device: {
    argument: 'TENANT/DEVICE',
    help: 'a device of the registry: with --key its certificate is used, else the unit in its slot is asked to connect',
  },
  cert: { argument: 'FILE', help: 'certificate, with its chain, if any (PEM, DER or PKCS#7)' },
  key: { argument: 'FILE', help: 'private key (PEM or DER)' },
  p12: { argument: 'FILE', help: 'certificate and key as PKCS#12' },
  'passphrase-file': { argument: 'FILE', help: 'file with the passphrase of --key or --p12' },
  username: { argument: 'NAME', help: 'log in with a password instead of a certificate' },
  'password-file': { argument: 'FILE', help: 'file with that password' },
  'no-certificate': { help: 'connect without any' },
  tls: { argument: 'VERSION', help: 'exactly this TLS version: 1.0, 1.1, 1.2 or 1.3' },
  mqtt: { argument: 'VERSION', help: 'MQTT version: 5 (default) or 3.1.1' },
  timeout: { argument: 'SECONDS', help: 'for each step, 1 to 60 (default 5)' },
};

/** Do the options name a broker or a client, or how to try it? */
export const namesClient = (context: CommandContext): boolean =>
  Object.keys({ ...targetOptions, ...clientOptions }).some((name) => context.values[name] !== undefined);

export function targetOf(context: CommandContext): BrokerTarget | null {
  const host = context.text('host');
  if (host === undefined) {
    for (const name of Object.keys(targetOptions))
      if (context.values[name] !== undefined) throw invalid(name, 'needs --host: the station’s own broker has its settings');
    return null;
  }
  const ca = context.text('ca');
  return {
    host,
    port: context.number('port', { min: 1, max: 65_535, fallback: 8883 }),
    serverName: context.text('server-name') ?? null,
    caPem: ca === undefined ? null : certificatesAsPem(ca, 'ca'),
  };
}

/** Null: the unit itself, in its slot. */
export async function identityOf(context: CommandContext): Promise<ClientIdentity | null> {
  const [cert, key, p12, username, device] = ['cert', 'key', 'p12', 'username', 'device'].map((name) => context.text(name));
  const without = context.flag('no-certificate');
  const kinds = [cert !== undefined, p12 !== undefined, username !== undefined, without].filter(Boolean);
  if (kinds.length > 1) throw invalid('cert', 'is one of --cert, --p12, --username and --no-certificate; only one can be given');
  if (without) return { kind: 'none' };
  if (username !== undefined) return { kind: 'password', username, password: await secret(context, 'password-file', 'Password') };
  if (p12 !== undefined)
    return { kind: 'p12', file: readBytes(p12).toString('base64'), passphrase: await passphrase(context, 'Passphrase') };
  if (cert !== undefined) {
    if (key === undefined) throw invalid('key', 'is needed with --cert');
    return { kind: 'pem', certificatePem: certificatesAsPem(cert, 'cert'), ...(await keyOf(context, key)) };
  }
  if (device === undefined) {
    if (key !== undefined) throw invalid('key', 'needs --cert or --device');
    return { kind: 'station' };
  }
  return key === undefined ? null : { kind: 'device', device, ...(await keyOf(context, key)) };
}

async function keyOf(context: CommandContext, path: string): Promise<{ keyPem: string; passphrase: string | null }> {
  const keyPem = keyFileAsPem(readBytes(path));
  return { keyPem, passphrase: keyPem.includes('ENCRYPTED') ? await passphrase(context, 'Passphrase of the key') : null };
}

const passphrase = (context: CommandContext, question: string): Promise<string> => secret(context, 'passphrase-file', question);

const secret = (context: CommandContext, name: 'password-file' | 'passphrase-file', question: string): Promise<string> =>
  readSecret({ file: context.text(name), option: `--${name}`, tryOut: false }, question);

export function tlsOf(context: CommandContext): TlsVersion | null {
  const text = context.text('tls');
  if (text === undefined) return null;
  const parsed = TlsVersion.safeParse(`TLSv${text === '1.0' ? '1' : text}`);
  if (!parsed.success) throw invalid('tls', 'must be 1.0, 1.1, 1.2 or 1.3');
  return parsed.data;
}

export function mqttOf(context: CommandContext): '5' | '3.1.1' {
  const text = context.text('mqtt') ?? '5';
  if (text === '5' || text === '5.0') return '5';
  if (text === '3.1.1' || text === '4') return '3.1.1';
  throw invalid('mqtt', 'must be 5 or 3.1.1');
}

const invalid = (name: string, problem: string): Failure => new Failure('INVALID_INPUT', { field: `--${name}`, problem });
