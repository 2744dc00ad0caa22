import { Failure, TlsVersion, type BrokerTarget, type ClientIdentity } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { certificatesAsPem } from '../certificate-file.ts';
import { readBytes } from '../files.ts';
import { targetOptions } from '../grammar/options.ts';
import { readSecret } from '../pin.ts';
import { oneOf } from '../values.ts';
import { keyFileAsPem } from '../../station/x509-files/index.ts';

export function targetOf(context: CommandContext): BrokerTarget | null {
  const host = context.values.text('host');
  if (host === undefined) {
    for (const name of Object.keys(targetOptions))
      if (context.values.has(name)) throw invalid(name, 'needs --host: the station’s own broker has its settings');
    return null;
  }
  const ca = context.values.text('ca');
  return {
    host,
    port: context.values.number('port', { min: 1, max: 65_535, fallback: 8883 }),
    serverName: context.values.text('server-name') ?? null,
    caPem: ca === undefined ? null : certificatesAsPem(ca, '--ca'),
  };
}

/** Null: the unit itself, in its slot. */
export async function identityOf(context: CommandContext): Promise<ClientIdentity | null> {
  const [cert, key, p12, username, device] = ['cert', 'key', 'p12', 'username', 'device'].map((name) => context.values.text(name));
  const without = context.values.flag('no-certificate');
  const kinds = [cert !== undefined, p12 !== undefined, username !== undefined, without].filter(Boolean);
  if (kinds.length > 1) throw invalid('cert', 'is one of --cert, --p12, --username and --no-certificate; only one can be given');
  if (without) return { kind: 'none' };
  if (username !== undefined) return { kind: 'password', username, password: await secret(context, 'password-file', 'Password') };
  if (p12 !== undefined)
    return { kind: 'p12', file: readBytes(p12).toString('base64'), passphrase: await passphrase(context, 'Passphrase') };
  if (cert !== undefined) {
    if (key === undefined) throw invalid('key', 'is needed with --cert');
    return { kind: 'pem', certificatePem: certificatesAsPem(cert, '--cert'), ...(await keyOf(context, key)) };
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
  readSecret({ file: context.values.text(name), option: `--${name}`, tryOut: false }, question);

export function tlsOf({ values }: CommandContext): TlsVersion | null {
  const text = values.text('tls');
  return text === undefined ? null : TlsVersion.parse(`TLSv${text === '1.0' ? '1' : text}`);
}

export const mqttOf = ({ values }: CommandContext): '5' | '3.1.1' => oneOf(values, 'mqtt', ['5', '3.1.1']).mqtt ?? '5';

const invalid = (name: string, problem: string): Failure => new Failure('INVALID_INPUT', { field: `--${name}`, problem });
